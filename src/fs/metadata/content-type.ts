/**
 * Media types of the names that S3 objects are looked at by: what browsers and query engines need to know. From the
 * IANA registry, https://www.iana.org/assignments/media-types.
 */
const TYPES: Readonly<Record<string, string>> = {
  'application/gzip': 'gz tgz',
  'application/json': 'json map',
  'application/ld+json': 'jsonld',
  'application/msword': 'doc',
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'application/sql': 'sql',
  'application/vnd.apache.parquet': 'parquet',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.oasis.opendocument.presentation': 'odp',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/wasm': 'wasm',
  'application/x-7z-compressed': '7z',
  'application/x-bzip2': 'bz2',
  'application/x-tar': 'tar',
  'application/x-xz': 'xz',
  'application/xml': 'xml xsd xsl',
  'application/yaml': 'yaml yml',
  'application/zip': 'zip',
  'application/zstd': 'zst',
  'audio/flac': 'flac',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg opus',
  'audio/wav': 'wav',
  'font/otf': 'otf',
  'font/ttf': 'ttf',
  'font/woff': 'woff',
  'font/woff2': 'woff2',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/gif': 'gif',
  'image/jpeg': 'jpeg jpg',
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/tiff': 'tif tiff',
  'image/vnd.microsoft.icon': 'ico',
  'image/webp': 'webp',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/html': 'htm html',
  'text/javascript': 'js mjs',
  'text/markdown': 'markdown md',
  'text/plain': 'log text txt',
  'text/tab-separated-values': 'tsv',
  'video/mp4': 'm4v mp4',
  'video/mpeg': 'mpeg mpg',
  'video/quicktime': 'mov',
  'video/webm': 'webm',
};

const TYPE_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(TYPES).flatMap(([type, extensions]) =>
    extensions.split(' ').map((extension): [string, string] => [extension, type]),
  ),
);

/** The Content-Type of a new file by its name or key; `undefined` where the extension says nothing. */
export function contentTypeOf(name: string): string | undefined {
  const [, extension] = /[^/.][^/]*\.([^/.]+)$/.exec(name) ?? [];
  return extension === undefined ? undefined : TYPE_OF.get(extension.toLowerCase());
}

const UNTYPED = [undefined, 'application/octet-stream', 'binary/octet-stream'];

/**
 * The Content-Type after a rename. Programs write `page.html.tmp` and rename it: a type that only says what the old name
 * said follows the name, any other one was somebody's decision and stays.
 */
export function renamedType(type: string | undefined, from: string, to: string): string | undefined {
  const old = contentTypeOf(from);
  const isGuess = type === old || (old === undefined && UNTYPED.includes(type));
  return isGuess ? (contentTypeOf(to) ?? type) : type;
}
