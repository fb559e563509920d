import type { Everywhere, Match, Peers, Question } from '../contract/peers.ts';
import { checkMatch, isMatch, type Matchable } from './match.ts';

/** What a node answers about itself, and how it encodes an event for one client. */
export interface Local {
	readonly connections: () => number;
	readonly subscribers: (topic: string) => number;
	/** Sends a frame to each connection that passes; gives how many. */
	readonly send: (passes: (connection: Matchable) => boolean, frame: string) => number;
	/** Closes each connection that matches; gives how many. */
	readonly revoke: (match: Match) => number;
	readonly encode: (topic: string, event: string, data: unknown) => string;
}

/** Asks this node and all others, and adds up what they say. */
export function createEverywhere(local: Local, peers: Peers | undefined): Everywhere {
	const ask = createAsk(local, peers);
	return {
		connections: () => ask({ about: 'connections' }),
		subscribers: (topic) => ask({ about: 'subscribers', topic }),
		async sendTo(match, topic, event, data) {
			checkMatch(match, 'Publish to a topic instead.');
			return ask({ about: 'send', match, frame: local.encode(topic, event, data) });
		}
	};
}

/** Ends connections on this node and all others. */
export function createRevoke(local: Local, peers: Peers | undefined): (match: Match) => Promise<number> {
	const ask = createAsk(local, peers);
	return async (match) => {
		checkMatch(match, 'Name a field, for example { user: 7 }.');
		return ask({ about: 'revoke', match });
	};
}

function createAsk(local: Local, peers: Peers | undefined): (question: Question) => Promise<number> {
	return async (question) => {
		const others = peers?.ask(question);
		const own = reply(local, question);
		return ((await others) ?? []).reduce((sum, value) => sum + value, own);
	};
}

/** This node's own answer. */
export function reply(local: Local, question: Question): number {
	if (question.about === 'connections') return local.connections();
	if (question.about === 'subscribers') return local.subscribers(question.topic);
	if (question.about === 'revoke') return local.revoke(question.match);
	const { match, frame } = question;
	return local.send((connection) => isMatch(match, connection), frame);
}
