import type { Frame, SendStatus, Socket } from '../../src/contract/transport.ts';

/** For what must not happen: the assertions of a part that a test builds by itself. */
export function unexpected(category: string): never {
	throw new Error(`assertion violated: ${category}`);
}

/** An engine without a network: what a socket got stands in a list. Everything happens at once. */
export class FakeEngine {
	readonly sockets = new Set<FakeSocket>();
	/** Every `publish`, as engine topic and frame. */
	readonly published: (readonly [topic: string, frame: string])[] = [];

	publish(topic: string, frame: Frame): void {
		this.published.push([topic, String(frame)]);
		for (const socket of this.sockets) if (socket.topics.has(topic)) socket.send(frame);
	}

	socket(): FakeSocket {
		const socket = new FakeSocket();
		this.sockets.add(socket);
		return socket;
	}
}

export class FakeSocket implements Socket {
	readonly remoteAddress = '127.0.0.1';
	bufferedAmount = 0;
	congested = false;
	status: SendStatus = 'sent';
	readonly topics = new Set<string>();
	readonly frames: Frame[] = [];
	closed: readonly [code: number | undefined, reason: string | undefined] | undefined;
	corked = 0;
	onClose: (code: number, reason: string) => void = () => {};

	get texts(): string[] {
		return this.frames.map(String);
	}

	send(frame: Frame): SendStatus {
		if (this.closed) return 'dropped';
		if (this.status !== 'dropped') this.frames.push(frame);
		return this.status;
	}

	subscribe(topic: string): void {
		if (!this.closed) this.topics.add(topic);
	}

	unsubscribe(topic: string): void {
		this.topics.delete(topic);
	}

	cork(write: () => void): void {
		if (this.closed) return;
		this.corked++;
		write();
	}

	close(code?: number, reason?: string): void {
		if (this.closed) return;
		this.closed = [code, reason];
		this.topics.clear();
		this.onClose(code ?? 1005, reason ?? '');
	}

	terminate(): void {
		this.close(1006, '');
	}
}
