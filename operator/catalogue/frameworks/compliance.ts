import type { Theme } from '../controls/control.ts';
import type { RequirementSource } from './requirement-source.ts';

/** A requirement of a compliance standard. All controls with one of its themes cover it. */
export interface ThemedRequirement extends RequirementSource {
  readonly themes: readonly Theme[];
}

const every: readonly Theme[] = ['hardening', 'network', 'tls', 'access', 'secrets', 'supply-chain', 'availability', 'logging'];
const byHand = (id: string, title: string, manual: string): ThemedRequirement => ({ id, title, manual, themes: [] });

/** PCI DSS 4.0: the requirements that controls cover, and the other principal requirements as manual ones. */
export const pciRequirements: readonly ThemedRequirement[] = [
  { id: '1.2', title: 'Network security controls are configured and maintained', themes: ['network'] },
  { id: '1.3', title: 'Network access to and from the cardholder data environment is restricted', themes: ['network'] },
  { id: '1.4', title: 'Network connections between trusted and untrusted networks are controlled', themes: ['network'] },
  { id: '2.2.4', title: 'Only necessary services, protocols, daemons and functions are enabled', themes: ['hardening'] },
  { id: '2.2.6', title: 'System security parameters are configured to prevent misuse', themes: ['hardening'] },
  byHand('3', 'Protect stored account data', 'Check where account data is stored, and how it is encrypted.'),
  { id: '4.2.1', title: 'Strong cryptography protects account data over open networks', themes: ['tls'] },
  byHand('5', 'Protect all systems and networks from malicious software', 'Check the protection against malware.'),
  { id: '6.3', title: 'Security vulnerabilities are identified and addressed', themes: ['supply-chain'] },
  { id: '7.2.1', title: 'An access control model is defined', themes: ['access'] },
  { id: '7.2.2', title: 'Access is assigned by job and least privilege', themes: ['access'] },
  { id: '7.2.5', title: 'Application and system accounts have least privileges', themes: ['access'] },
  { id: '8.3.2', title: 'Authentication factors are unreadable in transmission and storage', themes: ['secrets'] },
  { id: '8.6.2', title: 'Passwords of application accounts are not hard coded', themes: ['secrets'] },
  byHand('9', 'Restrict physical access to cardholder data', 'Check the data center.'),
  { id: '10.3.2', title: 'Audit log files are protected from modification', themes: ['logging'] },
  byHand('11', 'Test security of systems and networks regularly', 'Check the records of penetration tests and scans.'),
  byHand('12', 'Support information security with policies and programs', 'Check the policies of the organization.'),
];

/** SOC 2, trust services criteria of 2017: the common criteria and the criteria for availability. */
export const socRequirements: readonly ThemedRequirement[] = [
  byHand(
    'CC1-CC5',
    'Control environment, communication, risk, monitoring and control activities',
    'Check the policies of the organization.',
  ),
  { id: 'CC6.1', title: 'Logical access security over protected information assets', themes: ['network', 'access', 'secrets'] },
  { id: 'CC6.2', title: 'Users are registered and authorized before they get access', themes: ['access'] },
  { id: 'CC6.3', title: 'Access follows roles, least privilege and segregation of duties', themes: ['access'] },
  byHand('CC6.4', 'Physical access is restricted', 'Check the data center.'),
  byHand('CC6.5', 'Data is removed from assets before disposal', 'Check how disks are disposed of.'),
  { id: 'CC6.6', title: 'Protection against threats from outside the system boundaries', themes: ['network'] },
  { id: 'CC6.7', title: 'Transmission and movement of information is restricted', themes: ['tls', 'secrets'] },
  { id: 'CC6.8', title: 'Unauthorized or malicious software is prevented or detected', themes: ['hardening'] },
  { id: 'CC7.1', title: 'Vulnerabilities and changes are detected', themes: ['supply-chain'] },
  { id: 'CC7.2', title: 'Anomalies of system components are monitored', themes: ['logging'] },
  byHand('CC7.3-CC7.5', 'Incidents are evaluated, answered and recovered from', 'Check the records of incidents.'),
  { id: 'CC8.1', title: 'Changes are authorized, tested and approved', themes: ['supply-chain'] },
  byHand('CC9', 'Risks of disruption and of vendors are mitigated', 'Check the contracts and the plans.'),
  { id: 'A1.1', title: 'Processing capacity is managed', themes: ['availability'] },
  { id: 'A1.2', title: 'Environmental protection, backup and recovery', themes: ['availability'] },
];

/** GDPR (2016/679), Article 32: security of processing. */
export const gdprRequirements: readonly ThemedRequirement[] = [
  { id: '32(1)(a)', title: 'Pseudonymisation and encryption of personal data', themes: ['tls'] },
  { id: '32(1)(b)', title: 'Ongoing confidentiality, integrity, availability and resilience', themes: every },
  byHand('32(1)(c)', 'Restoring availability and access in a timely manner', 'Check that backups are restored in tests.'),
  byHand('32(1)(d)', 'Regularly testing and evaluating the measures', 'Check the records of audits.'),
];
