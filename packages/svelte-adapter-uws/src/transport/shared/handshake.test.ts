import { expect, it } from 'vitest';
import { acceptHandshake, asksForWebSocket, refusalHeaders, refuseHandshake } from './handshake.ts';

const reader = (headers: Record<string, string>) => (name: string) => headers[name] ?? '';
const GOOD = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' };
const refused = (method: string, headers: Record<string, string>) =>
	refuseHandshake(method, reader({ ...GOOD, ...headers }))?.status;

it('knows a request for a WebSocket from other upgrades and from a mere key', () => {
	const asks = (upgrade: string, connection: string) => asksForWebSocket(reader({ upgrade, connection }));
	expect([asks('websocket', 'Upgrade'), asks('h2c, WebSocket', 'keep-alive, upgrade')]).toEqual([true, true]);
	expect([
		asks('h2c', 'Upgrade'),
		asks('websocket', 'keep-alive'),
		asks('websocket', 'Upgrade, close'),
		asks('', ''),
		asks('websockets', 'upgrade')
	]).toEqual([false, false, false, false, false]);
});

it('refuses what is not a handshake of version 13', () => {
	expect(refused('GET', {})).toBeUndefined();
	expect([refused('POST', {}), refused('HEAD', {}), refused('get', {})]).toEqual([405, 405, 405]);
	for (const version of ['', '8', '14', '13, 8', '013', '1e1'])
		expect(refused('GET', { 'sec-websocket-version': version })).toBe(426);
	for (const key of [
		'',
		'short==',
		`${GOOD['sec-websocket-key']}, ${GOOD['sec-websocket-key']}`,
		'dGhlIHNhbXBsZSBub25jZQ=a',
		'dGhlIHNhbXBsZSBub25jZ!=='
	]) {
		expect(refused('GET', { 'sec-websocket-key': key })).toBe(400);
	}
});

it('refuses subprotocols that are not a list of different tokens', () => {
	for (const offer of ['a', 'a, b', 'constructor,__proto__'])
		expect(refused('GET', { 'sec-websocket-protocol': offer })).toBeUndefined();
	for (const offer of ['a,,b', 'a, a', 'ä', 'a b', ',', 'a\u0001'])
		expect(refused('GET', { 'sec-websocket-protocol': offer })).toBe(400);
});

it('names the subprotocol that the app chose among the offered, else the first', () => {
	const named = (offer: string, ...names: string[]) =>
		acceptHandshake(
			offer,
			names.map((name) => ['Sec-WebSocket-Protocol', name] as const)
		);
	expect(named('a, b')).toEqual({ protocol: 'a', headers: [] });
	expect(named('a, b', 'b')).toEqual({ protocol: 'b', headers: [] });
	expect(named('a, b', 'c')).toEqual({ protocol: 'a', headers: [] });
	expect(named('', 'c')).toEqual({ protocol: '', headers: [] });
});

it("leaves out headers that are the transport's own or would break out of their line", () => {
	const headers = [
		['x-ok', 'é'],
		['x-bad', 'a\r\nset-cookie: b'],
		['bad name', 'x'],
		['Connection', 'close'],
		['content-length', '1'],
		['sec-websocket-accept', 'x'],
		['x-wide', '€']
	] as const;
	expect(acceptHandshake('', headers).headers).toEqual([['x-ok', 'é']]);
	expect(refusalHeaders({ status: 403, body: '', headers })).toEqual([
		['content-type', 'text/plain; charset=utf-8'],
		['x-ok', 'é']
	]);
	expect(refusalHeaders({ status: 403, body: '', headers: [['Content-Type', 'application/json']] })).toEqual([
		['Content-Type', 'application/json']
	]);
});

it('says which version it speaks, and which method', () => {
	expect(refusalHeaders(refuseHandshake('GET', reader({ ...GOOD, 'sec-websocket-version': '8' }))!)).toContainEqual([
		'sec-websocket-version',
		'13'
	]);
	expect(refusalHeaders(refuseHandshake('POST', reader(GOOD))!)).toContainEqual(['allow', 'GET']);
});
