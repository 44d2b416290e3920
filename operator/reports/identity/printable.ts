/** Control characters (7 and 8 bits, without tabs and line feeds) and marks that change the direction of the following text. */
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Replaces characters that change how a terminal shows a text, and lone surrogates, which the API server rejects. */
export const printable = (text: string): string => text.toWellFormed().replace(unprintable, ' ');
