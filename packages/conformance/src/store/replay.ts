import type { ReplayStore } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { inTurn, type StoreFixture } from './fixture.ts';

/** A store that keeps `size` events of a topic, and each for `ttlMs`. */
export interface ReplayFixture extends StoreFixture<ReplayStore> {
	readonly size: number;
	readonly ttlMs: number;
}

/** Laws of a `ReplayStore`: numbers without gaps, everything after a position or word that some is gone. */
export const replayStoreSuite: (subject: Subject<ReplayFixture>) => void = defineSuite('replay store', (law) => {
	law('numbers the events of each topic from 1 without gaps, however many append at once', async (fixture) => {
		const any = inTurn(fixture);
		const stored = await Promise.all(Array.from({ length: 5 }, (_, n) => any().append('a', 'e', n)));
		await any().append('b', 'e', 0);
		expect(stored.map(({ position }) => position.seq).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
		expect(new Set(stored.map(({ position }) => position.epoch)).size).toBe(1);
		expect(await any().current('a')).toEqual({ epoch: stored[0]!.position.epoch, seq: 5 });
		expect((await any().current('b')).seq).toBe(1);
	});

	law('gives everything after a position, oldest first, as it was stored', async (fixture) => {
		const any = inTurn(fixture);
		const start = await any().current('t');
		expect(start.seq).toBe(0);
		const data = { id: 1, at: new Date(0), text: '😀\u2028' };
		const first = await any().append('t', 'created', data);
		data.id = 2;
		const second = await any().append('t', 'deleted', undefined);
		expect(first).toMatchObject({
			topic: 't',
			event: 'created',
			data: { id: 1, at: '1970-01-01T00:00:00.000Z', text: '😀\u2028' }
		});
		expect(second.data).toBeNull();
		expect(await any().since('t', start)).toEqual([first, second]);
		expect(await any().since('t', first.position)).toEqual([second]);
		expect(await any().since('t', second.position)).toEqual([]);
	});

	law('refuses what JSON cannot carry, and takes no number for it', async (fixture) => {
		const any = inTurn(fixture);
		await any().append('t', 'e', 1);
		await expect(any().append('t', 'e', 1n)).rejects.toThrow(TypeError);
		expect((await any().current('t')).seq).toBe(1);
	});

	law('says that some is gone, of what it does not keep any more', async (fixture) => {
		const any = inTurn(fixture);
		const start = await any().current('t');
		const { position } = await any().append('t', 'e', 0);
		for (let n = 1; n <= fixture.size; n++) await any().append('t', 'e', n);
		expect(await any().since('t', start)).toBeUndefined();
		expect(await any().since('t', position)).toHaveLength(fixture.size);
	});

	law('says so of what it has kept for long enough, and gives no position twice', async (fixture) => {
		const any = inTurn(fixture);
		const start = await any().current('t');
		const { position } = await any().append('t', 'e', 0);
		await fixture.pass(fixture.ttlMs);
		expect(await any().since('t', start)).toBeUndefined();
		const next = await any().append('t', 'e', 1);
		expect(next.position).not.toEqual(position);
		expect(await any().since('t', next.position)).toEqual([]);
		expect(await any().since('t', { ...next.position, seq: next.position.seq - 1 })).toEqual([next]);
	});

	law('says so of another epoch, and of a position that was never reached', async (fixture) => {
		const any = inTurn(fixture);
		const { position } = await any().append('t', 'e', 0);
		expect(await any().since('t', { ...position, epoch: 'another' })).toBeUndefined();
		expect(await any().since('t', { ...position, seq: 2 })).toBeUndefined();
		expect(await any().since('unknown', { ...position, epoch: 'another' })).toBeUndefined();
	});

	law('says so after a topic was forgotten, and numbers it in a new epoch', async (fixture) => {
		const any = inTurn(fixture);
		const { position } = await any().append('t', 'e', 0);
		await any().forget('t');
		expect(await any().since('t', position)).toBeUndefined();
		const next = await any().append('t', 'e', 1);
		expect(next.position.epoch).not.toBe(position.epoch);
		expect(await any().since('t', position)).toBeUndefined();
		expect(await any().since('t', { epoch: next.position.epoch, seq: next.position.seq - 1 })).toEqual([next]);
	});
});
