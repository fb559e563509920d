/** Fields that the user data of a connection must have, by `===`. At least one. */
export type Match = Readonly<Record<string, string | number | boolean | null>>;

/** What one node can be asked; it answers with a number. */
export type Question =
	| { readonly about: 'connections' }
	| { readonly about: 'subscribers'; readonly topic: string }
	/** Send this frame to whom it concerns; how many were there? */
	| { readonly about: 'send'; readonly match: Match; readonly frame: string }
	/** Close whom it concerns; how many were there? */
	| { readonly about: 'revoke'; readonly match: Match };

/** What one node tells the others without being asked. */
export type News =
	/** So many handshakes it has let in of each network since it told last. */
	{ readonly about: 'handshakes'; readonly counts: readonly (readonly [network: string, handshakes: number])[] };

/** The other nodes of this machine, as far as they can be asked. */
export interface Peers {
	/** Answers what other nodes ask, until disposed. */
	answer(reply: (question: Question) => number): Disposable;
	/** The answers of all others; who does not answer within two seconds is left out. */
	ask(question: Question): Promise<readonly number[]>;
	/** Tells all others, once and soon; who is not there does not hear it. */
	tell(news: News): void;
	/** Hears what others tell, until disposed. */
	heed(hear: (news: News) => void): Disposable;
}

/**
 * What the platform knows or does for this worker, for all workers of the machine together. Each call is a message to every
 * other worker and back, and takes as long as the slowest of them: fine for a page or a minute, too much for every frame. A worker
 * that does not answer within two seconds is left out. In one process it is what the platform's own member gives.
 */
export interface Everywhere {
	/** Live sockets. */
	connections(): Promise<number>;
	/** Subscribers of a topic. */
	subscribers(topic: string): Promise<number>;
	/**
	 * To every client whose user data has these values; gives the number sent. Every worker looks at each of its connections, so
	 * prefer `publish` on a topic of those clients. Rejects with a TypeError for an empty match and for what cannot travel.
	 * @example await platform.everywhere.sendTo({ team: 7 }, 'notices', 'created', notice)
	 */
	sendTo(match: Match, topic: string, event: string, data?: unknown): Promise<number>;
}
