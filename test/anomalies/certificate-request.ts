/** Returns DER of a tag and its content. */
const der = (tag: number, ...content: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 0x82, body.length >> 8, body.length & 255]), body]);
};
const attribute = (id: readonly number[], value: string): Buffer =>
  der(0x31, der(0x30, der(6, Buffer.from(id)), der(12, Buffer.from(value))));

/** Returns `spec.request` of a CertificateSigningRequest with this subject. */
export function certificateRequest(commonName: string, ...organizations: readonly string[]): string {
  const subject = der(0x30, ...organizations.map((each) => attribute([0x55, 4, 10], each)), attribute([0x55, 4, 3], commonName));
  const info = der(0x30, der(2, Buffer.from([0])), subject, der(0x30));
  const base64 = der(0x30, info).toString('base64');
  return Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${base64}\n-----END CERTIFICATE REQUEST-----\n`).toString('base64');
}
