import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

/** A Debian package in a Trivy report, with licenses, layer and installed files. */
function debianPackage(index: number): unknown {
  const [name, version] = [`lib${index % 977}-package-${index}`, `${index % 9}.${index % 31}.${index % 7}-${index % 5}+deb12u1`];
  return {
    ID: `${name}@${version}`,
    Name: name,
    Identifier: { PURL: `pkg:deb/debian/${name}@${version}?arch=amd64&distro=debian-12.5`, UID: (index * 2654435761).toString(16) },
    Version: version,
    Arch: 'amd64',
    SrcName: `source-${index % 977}`,
    SrcVersion: version,
    Licenses: ['GPL-2.0-or-later', 'LGPL-2.1-or-later', 'BSD-3-Clause'],
    Maintainer: 'Debian Maintainers <maintainers@lists.example.org>',
    DependsOn: Array.from({ length: 6 }, (_, at) => `lib${(index + at) % 977}-package-${index + at}@1.2.3-1`),
    Layer: { Digest: `sha256:${'0123456789abcdef'.repeat(4)}`, DiffID: `sha256:${'fedcba9876543210'.repeat(4)}` },
    Digest: `md5:${'0123456789abcdef'.repeat(2)}`,
    InstalledFiles: Array.from({ length: 12 }, (_, at) => `/usr/share/doc/${name}/examples/part-${at}/readme "${at}".txt`),
    AnalyzedBy: 'dpkg',
  };
}

/** A secret in a Trivy report, with the lines around it. */
function secret(index: number): unknown {
  const Lines = Array.from({ length: 5 }, (_, at) => ({ Number: at, Content: `KEY_${index}="${'*'.repeat(40)}"`, IsCause: at === 2 }));
  return {
    RuleID: 'aws-access-key-id',
    Title: 'AWS Access Key ID',
    Severity: 'CRITICAL',
    StartLine: index,
    EndLine: index,
    Code: { Lines },
  };
}

/** Writes an indented report, as `trivy --format json` does, with this many packages and a hundredth as many secrets. Returns its size in bytes. */
export async function writeTrivyReport(file: string, packages: number): Promise<number> {
  const out = createWriteStream(file);
  let bytes = 0;
  const write = async (text: string): Promise<void> => {
    bytes += Buffer.byteLength(text);
    if (!out.write(text)) await once(out, 'drain');
  };
  const list = async (count: number, item: (index: number) => unknown): Promise<void> => {
    for (let index = 0; index < count; index++)
      await write(`${index > 0 ? ',\n' : ''}        ${JSON.stringify(item(index), null, 2).replaceAll('\n', '\n        ')}`);
  };
  await write('{\n  "SchemaVersion": 2,\n  "Metadata": {\n    "OS": {\n      "Family": "debian",\n      "Name": "12.5"\n    }\n  },\n');
  await write(
    '  "Results": [\n    {\n      "Target": "debian",\n      "Class": "os-pkgs",\n      "Type": "debian",\n      "Packages": [\n',
  );
  await list(packages, debianPackage);
  await write('\n      ]\n    },\n    {\n      "Target": "/settings.env",\n      "Class": "secret",\n      "Secrets": [\n');
  await list(Math.ceil(packages / 100), secret);
  await write('\n      ]\n    }\n  ]\n}\n');
  out.end();
  await once(out, 'finish');
  return bytes;
}
