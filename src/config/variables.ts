/** Variables of the AWS tools that stand in for a default; credentials are looked for by the clients. */
export const AWS_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  's3.endpoint': ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
  's3.region': ['AWS_REGION', 'AWS_DEFAULT_REGION'],
};

/** The file that is read from the working directory where none is named. */
export const DEFAULT_FILE = 'objectfs.yaml';

/** `OBJECTFS_TRANSFER_CHUNK_SIZE` */
export function variableOf(section: string, name: string): string {
  return `OBJECTFS_${snake(section)}_${snake(name)}`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** What a switch is set to; `undefined` for any other text. */
export function switchFromText(text: string): boolean | undefined {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true;
  return ['false', '0', 'no', 'off'].includes(text.toLowerCase()) ? false : undefined;
}
