import type { Everywhere, Match, Peers, Question } from '../contract/peers.ts';

/** What a node answers about itself, and how it encodes an event for one client. */
export interface Local {
	readonly connections: () => number;
	readonly subscribers: (topic: string) => number;
	/** Sends a frame to each connection that passes; gives how many. */
	readonly send: (passes: (userData: unknown) => boolean, frame: string) => number;
	readonly encode: (topic: string, event: string, data: unknown) => string;
}

/** Asks this node and all others, and adds up what they say. */
export function createEverywhere(local: Local, peers: Peers | undefined): Everywhere {
	const ask = async (question: Question): Promise<number> => {
		const others = peers?.ask(question);
		const own = reply(local, question);
		return ((await others) ?? []).reduce((sum, value) => sum + value, own);
	};
	return {
		connections: () => ask({ about: 'connections' }),
		subscribers: (topic) => ask({ about: 'subscribers', topic }),
		async sendTo(match, topic, event, data) {
			check(match);
			return ask({ about: 'send', match, frame: local.encode(topic, event, data) });
		}
	};
}

/** This node's own answer. */
export function reply(local: Local, question: Question): number {
	if (question.about === 'connections') return local.connections();
	if (question.about === 'subscribers') return local.subscribers(question.topic);
	const wanted = Object.entries(question.match);
	return local.send((userData) => {
		if (typeof userData !== 'object' || userData === null) return false;
		const fields = userData as Readonly<Record<string, unknown>>;
		return wanted.every(([name, value]) => fields[name] === value);
	}, question.frame);
}

function check(match: Match): void {
	const entries = Object.entries(match);
	if (entries.length === 0) throw new TypeError('match: got no fields, which would be everybody. Publish to a topic instead.');
	for (const [name, value] of entries)
		if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
			throw new TypeError(`match.${name}: got ${typeof value}, expected a string, number, boolean or null.`);
}
