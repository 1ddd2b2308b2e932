import { tryTcpCongestion } from '../../libc/tcp-congestion.js';
import { checkCongestion, type CongestionFacts } from './congestion-check.js';

describe('what doctor tells of the congestion control', () => {
  const files: Readonly<Record<string, string>> = {
    tcp_congestion_control: 'cubic',
    tcp_allowed_congestion_control: 'reno cubic',
  };
  const refusals: Readonly<Record<string, string>> = { bbr: 'ENOENT' };
  const facts: CongestionFacts = { read: (file) => files[file], attempt: (name) => refusals[name] };

  test('names what sockets take, what is allowed to all, and what the configuration asks for', () => {
    expect(checkCongestion({ tcpCongestion: 'reno' }, facts)).toEqual({
      name: 'TCP congestion control',
      state: 'ok',
      detail:
        'cubic by default; sockets take cubic, reno; allowed to all: reno cubic; s3.tcpCongestion: reno',
    });
  });

  test('a name that nobody asked for may be refused', () => {
    expect(checkCongestion({ tcpCongestion: 'leave' }, facts).state).toBe('ok');
  });

  test('a name that the kernel has not asks for its module, one that is not allowed for the permission', () => {
    const absent = checkCongestion({ tcpCongestion: 'bbr' }, facts);
    expect(absent.state).toBe('missing');
    expect(absent.detail).toMatch(/refused \(ENOENT\)/);
    expect(absent.remedy).toMatch(/modprobe tcp_bbr/);
    const forbidden = checkCongestion({ tcpCongestion: 'bbr' }, { ...facts, attempt: () => 'EPERM' });
    expect(forbidden.remedy).toMatch(/add bbr to net\.ipv4\.tcp_allowed_congestion_control/);
  });

  test('where the kernel tells nothing, there is nothing to do', () => {
    const found = checkCongestion({ tcpCongestion: 'bbr' }, { ...facts, read: () => undefined });
    expect(found).toMatchObject({ state: 'missing', detail: 'unknown; s3.tcpCongestion: bbr' });
  });

  test('the trial on a real socket refuses a name that no kernel has', () => {
    expect(tryTcpCongestion('no-such-name')).toBe(process.platform === 'linux' ? 'ENOENT' : 'ENOSYS');
  });
});
