import { fileType, hasKnownType, S_IFCHR, S_IFDIR, S_IFIFO } from '../modes.js';

const LARGEST_MODE = 0o177777;

/**
 * Reads `x-amz-meta-mode`, which s3fs and geesefs write in decimal and `rclone --metadata` in octal.
 *
 * A leading zero, a value over 65535, or type bits that no file has in decimal mean octal; a key that ends with `/`
 * settles octal directories with special bits (`41777` is a symlink in decimal); a fifo in octal (`10644`) would be a
 * character device with set-id bits in decimal, which nobody makes. Anything else is decimal.
 *
 * @returns The mode, or `undefined` where the text is none.
 */
export function parseModeText(text: string, keyIsDirectory: boolean): number | undefined {
  if (!/^\d{1,7}$/.test(text)) return undefined;
  const octal = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
  const decimal = Number.parseInt(text, 10);
  const mode = octal !== undefined && isOctal(text, decimal, octal, keyIsDirectory) ? octal : decimal;
  return mode <= LARGEST_MODE ? mode : undefined;
}

/** Reads `x-amz-meta-file-permissions` of the AWS services: octal with or without type bits. */
export function parseOctalMode(text: string): number | undefined {
  if (!/^0?[0-7]{1,6}$/.test(text)) return undefined;
  const mode = Number.parseInt(text, 8);
  return mode <= LARGEST_MODE ? mode : undefined;
}

function isOctal(text: string, decimal: number, octal: number, keyIsDirectory: boolean): boolean {
  if (text.startsWith('0') && text.length > 1) return true;
  if (decimal > 65535) return true;
  if (keyIsDirectory && fileType(octal) === S_IFDIR) return true;
  if (fileType(decimal) === 0) return decimal > 0o777;
  if (!hasKnownType(decimal)) return true;
  const decimalIsSetIdDevice = fileType(decimal) === S_IFCHR && (decimal & 0o7000) !== 0;
  return decimalIsSetIdDevice && fileType(octal) === S_IFIFO;
}
