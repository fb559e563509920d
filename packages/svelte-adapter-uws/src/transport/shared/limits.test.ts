import { expect, it } from 'vitest';
import type { SocketOptions } from '../../contract/transport.ts';
import { checkSocketOptions } from './limits.ts';

const GOOD: SocketOptions = {
	path: '/ws',
	maxPayloadLength: 1,
	idleTimeout: 0,
	maxBackpressure: 1,
	sendPingsAutomatically: true,
	compression: false
};

it('takes the ends of every range', () => {
	for (const change of [
		{},
		{ idleTimeout: 8 },
		{ idleTimeout: 960 },
		{ maxPayloadLength: 2_147_483_647 },
		{ maxBackpressure: 2_147_483_647 },
		{ path: '/' }
	]) {
		expect(() => checkSocketOptions({ ...GOOD, ...change })).not.toThrow();
	}
});

it('names what is out of range, what it got and what it expects', () => {
	const bad = [
		...[1, 7, 7.9, 8.5, 961, -8, Number.NaN, Infinity].map((idleTimeout) => ({ idleTimeout })),
		...[0, -1, 1.5, 2_147_483_648, Number.NaN].flatMap((bytes) => [{ maxPayloadLength: bytes }, { maxBackpressure: bytes }]),
		...['', 'ws', '/ws?x', '/a b'].map((path) => ({ path }))
	];
	for (const change of bad) {
		const [[name, value]] = Object.entries(change) as [[string, unknown]];
		expect(() => checkSocketOptions({ ...GOOD, ...change })).toThrow(
			new RegExp(`^${name}: got ${String(value).replace(/[?.]/g, '\\$&')}, expected `)
		);
	}
});
