import type { Envelope, Position } from 'svelte-adapter-uws/contract';
import type { OkReply, RpcRequest } from '../../shared/rpc-frame.ts';

/** Where a page stands in a stream: what it tells a server that can give it what it missed. */
export class Place {
	#position: Position | undefined;
	#version: unknown;
	/** The server keeps the events, so that their numbers mean something. */
	#kept = false;
	/** Numbers are left out on purpose. */
	#sparse = false;
	/** Events are missing: the server has to be asked for them. */
	gapped = false;

	/** Of a value that was loaded elsewhere. */
	hydrate({ seq, ep, version }: { readonly seq?: number; readonly ep?: string; readonly version?: unknown }): void {
		this.#position = seq === undefined ? undefined : { epoch: ep ?? '', seq };
		this.#version = version;
	}

	/** Whether a request says anything of it. */
	get isKnown(): boolean {
		return this.#position !== undefined || this.#version !== undefined;
	}

	/** What a request says of it. */
	get fields(): Pick<RpcRequest, 'seq' | 'ep' | 'version'> {
		const { epoch, seq } = this.#position ?? {};
		return { seq, ep: epoch || undefined, version: this.#version };
	}

	/** The answer of a load without the events that came by themselves while it was on its way. */
	unseen(reply: OkReply): OkReply {
		const { data, replay } = reply;
		if (!replay || !Array.isArray(data)) return reply;
		return { ...reply, data: data.filter((event: { readonly seq?: number } | null) => !this.#isSeen(event?.seq, reply.ep)) };
	}

	/** Takes the answer of a load. */
	answered({ seq, ep, version, sparse, unchanged, delta, replay }: OkReply): void {
		this.gapped = false;
		this.#version = version;
		this.#sparse = sparse === true;
		if (typeof seq === 'number') {
			this.#kept = ep !== undefined;
			// What has not been loaded anew holds what came meanwhile.
			if (!(replay || unchanged) || !this.#isSeen(seq, ep)) this.#position = { epoch: ep ?? this.#position?.epoch ?? '', seq };
		} else if (!unchanged && !delta && !replay) {
			this.#kept = false;
			this.#position = undefined;
		}
	}

	/** Whether an event is the next. One that was seen is not; one that comes too early leaves a gap before it. */
	accepts({ position }: Envelope): boolean {
		if (!position) return true;
		const last = this.#position;
		if (this.#kept && last && last.epoch === position.epoch) {
			if (position.seq <= last.seq) return false;
			if (position.seq > last.seq + 1 && !this.#sparse) {
				this.gapped = true;
				return false;
			}
		}
		this.#position = position;
		return true;
	}

	reset(): void {
		this.#position = undefined;
		this.#version = undefined;
		this.#kept = false;
		this.#sparse = false;
		this.gapped = false;
	}

	/** Whether it comes no later than the last event that was seen. */
	#isSeen(seq: number | undefined, epoch: string | undefined): boolean {
		const last = this.#position;
		return last !== undefined && seq !== undefined && epoch === last.epoch && seq <= last.seq;
	}
}
