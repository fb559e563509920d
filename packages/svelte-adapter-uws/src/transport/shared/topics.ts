/** Membership for transports without native pub/sub. Sets iterate in join order. */
export class Topics<Member> {
	readonly #members = new Map<string, Set<Member>>();

	join(topic: string, member: Member): void {
		const members = this.#members.get(topic);
		if (members) members.add(member);
		else this.#members.set(topic, new Set([member]));
	}

	leave(topic: string, member: Member): void {
		const members = this.#members.get(topic);
		if (members?.delete(member) && members.size === 0) this.#members.delete(topic);
	}

	of(topic: string): Iterable<Member> {
		return this.#members.get(topic) ?? [];
	}

	has(topic: string): boolean {
		return this.#members.has(topic);
	}
}
