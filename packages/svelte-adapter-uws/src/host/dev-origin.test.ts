import { expect, it } from 'vitest';
import type { UpgradeRequest } from '../contract/transport.ts';
import { devOrigin } from './dev-origin.ts';

const asking = (host: string): UpgradeRequest => ({
	url: '/ws',
	headers: {},
	remoteAddress: '127.0.0.1',
	signal: new AbortController().signal,
	header: (name) => (name === 'host' ? host : '')
});
const origin = devOrigin({ secure: false, allowedHosts: ['dev.example', '.team.example'], host: 'my-machine' });

it.each([
	'localhost:5173',
	'app.localhost',
	'127.0.0.1:5173',
	'[::1]:5173',
	'my-machine:5173',
	'dev.example',
	'a.team.example',
	'team.example'
])('trusts %s', (host) => expect(origin(asking(host))).toBe(`http://${host}`));

it.each(['evil.example:5173', 'localhost.evil.example', 'sub.dev.example', 'notteam.example', '', 'a b'])(
	'does not trust %j',
	(host) => {
		expect(origin(asking(host))).toBeUndefined();
	}
);

it('trusts every host when Vite does, and says https where Vite does', () => {
	expect(devOrigin({ secure: true, allowedHosts: true, host: undefined })(asking('any.example'))).toBe('https://any.example');
});
