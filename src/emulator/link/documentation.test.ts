import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.js';
import { Faults } from '../faults/faults.js';
import { FAULT_KINDS, readFaultRules } from '../faults/rules.js';
import { createLink } from './link.js';
import { profileOf } from './profile-file.js';
import { LINK_PROFILES } from './profiles.js';

describe('docs/link-laboratory.md', () => {
  const page = readFileSync(join(packageRoot, 'docs/link-laboratory.md'), 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'objectfs-docs-'));

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function example(name: string): string {
    const text = new RegExp(`\`\`\`yaml\\n# ${name}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
    if (text === undefined) throw new Error(`no example ${name}`);
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  test('its profile makes a link', () => {
    const profile = profileOf(example('profile.yaml'));
    expect(profile).toMatchObject({ name: 'train', totalDownBytesPerSecond: 1_500_000, jitterMs: 20 });
    expect(createLink(profile).shapes).toBe(true);
  });

  test('its rules fail what they say', () => {
    const faults = new Faults(readFaultRules(example('faults.yaml')), () => 0);
    const part = (value: string) => ({
      ...{ operation: 'UploadPart', bucket: 'b', key: 'k', method: 'PUT' },
      query: [{ name: 'partNumber', value }],
    });
    const kinds = ['2', '3', '3'].map((value) => faults.choose(part(value))?.fault.kind);
    expect(kinds).toEqual([undefined, 'lost-reply', undefined]);
  });

  test('it has a row for each profile and for each kind of fault', () => {
    const names = [...FAULT_KINDS, ...LINK_PROFILES.map((profile) => profile.name)];
    expect(names.filter((name) => !new RegExp(`^\\| \`${name}\``, 'm').test(page))).toEqual([]);
  });
});
