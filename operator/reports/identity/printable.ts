/** Control characters, of 7 and of 8 bits, and marks that turn the direction of what follows; tabs and line ends are none. */
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** A text that neither breaks a terminal nor reads as another; lone surrogates, which the server would refuse, are replaced. */
export const printable = (text: string): string => text.toWellFormed().replace(unprintable, ' ');
