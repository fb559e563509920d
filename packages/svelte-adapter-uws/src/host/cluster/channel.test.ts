import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { lastWord, processChannel, type Message } from './channel.ts';

/** A process whose line takes nothing until it is told to. */
class Peer extends EventEmitter {
	connected = true;
	readonly sent: unknown[] = [];
	#waiting: ((error: Error | null) => void)[] = [];

	send(message: unknown, taken: (error: Error | null) => void = () => {}): boolean {
		this.sent.push(message);
		this.#waiting.push(taken);
		return true;
	}

	take(count = Infinity): void {
		for (const taken of this.#waiting.splice(0, count)) taken(null);
	}
}

const relay: Message = { type: 'relay', items: [] };
const MEBIBYTE = 1_048_576;

it('hears its own messages alone on a line that apps use as well, until it is disposed', () => {
	const peer = new Peer();
	const heard: Message[] = [];
	const listening = processChannel(peer, () => {}).listen((message) => heard.push(message));
	for (const message of ['text', null, { type: 'ping' }, { svelteAdapterUws: { type: 'pong' } }]) peer.emit('message', message);
	listening[Symbol.dispose]();
	peer.emit('message', { svelteAdapterUws: { type: 'ping' } });
	expect(heard).toEqual([{ type: 'pong' }]);
	expect(peer.listenerCount('message')).toBe(0);
});

it('lets no more than 64 MiB wait, says so once, and sends small messages all the same', () => {
	const peer = new Peer();
	const overflowed = vi.fn();
	const channel = processChannel(peer, overflowed);
	for (let n = 0; n < 70; n++) channel.send(relay, MEBIBYTE);
	expect(peer.sent).toHaveLength(64);
	expect(overflowed.mock.calls).toEqual([[64 * MEBIBYTE]]);
	channel.send({ type: 'ping' });
	expect(peer.sent).toHaveLength(65);
	peer.take();
	for (let n = 0; n < 70; n++) channel.send(relay, MEBIBYTE);
	expect(peer.sent).toHaveLength(65 + 64);
	expect(overflowed).toHaveBeenCalledTimes(2);
});

it('sends nothing to a process that is gone, and does not wait for it', async () => {
	const peer = new Peer();
	peer.connected = false;
	processChannel(peer, () => {}).send({ type: 'ping' });
	await lastWord(peer, { type: 'refused', reason: 'none' });
	expect(peer.sent).toEqual([]);
});

it('resolves the last word when it has left', async () => {
	const peer = new Peer();
	let left = false;
	const word = lastWord(peer, { type: 'refused', reason: 'none' }).then(() => (left = true));
	await Promise.resolve();
	expect(left).toBe(false);
	peer.take();
	await word;
});
