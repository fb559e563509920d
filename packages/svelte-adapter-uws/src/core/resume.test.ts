import { expect, it } from 'vitest';
import type { Platform } from '../contract/platform.ts';
import type { Resume } from '../protocol/control.ts';
import { readResume } from './resume.ts';

const platform = {} as Platform;
const read = (lastSeenSeqs: Record<string, unknown>, eps?: Record<string, unknown>) =>
	readResume({ type: 'resume', sessionId: 's', lastSeenSeqs, eps } as Resume, platform);

it('gives positions with the epoch of each topic', () => {
	const context = read({ a: 4, b: 0 }, { a: 'e1' });
	expect([...context.lastSeen]).toEqual([
		['a', { epoch: 'e1', seq: 4 }],
		['b', { epoch: '', seq: 0 }]
	]);
	expect(context.lastSeenSeqs).toEqual({ a: 4, b: 0 });
	expect(context).toMatchObject({ sessionId: 's', platform });
});

it('drops what is no position', () => {
	const context = read({ a: -1, b: 1.5, c: '3', d: null, e: NaN, f: 2 ** 60, 'bad\n': 1, '': 1, ok: 1 }, { ok: 7 });
	expect([...context.lastSeen]).toEqual([['ok', { epoch: '', seq: 1 }]]);
	expect(Object.keys(context.lastSeenSeqs)).toEqual(['ok']);
});

it('treats names of object members as topics like any other', () => {
	const context = read(JSON.parse('{"__proto__":3,"constructor":4}') as Record<string, unknown>);
	expect(context.lastSeenSeqs['__proto__']).toBe(3);
	expect(context.lastSeen.get('constructor')).toEqual({ epoch: '', seq: 4 });
	expect(context.lastSeenSeqs['toString']).toBeUndefined();
});

it('reads 1,000 topics and no more', () => {
	const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, i) => [`t${i}`, i]));
	expect(read(many).lastSeen.size).toBe(1_000);
});
