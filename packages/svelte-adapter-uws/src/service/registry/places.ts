import type { Place } from '../../contract/store/registry.ts';

/** One connection of a user, and until when it counts unless its node renews it. */
export interface Held extends Place {
	readonly until: number;
}

/** The connections of one user, in the order of opening. Most users have one, and a table for it would weigh more than all else about them. */
export type Places = Held | Map<string, Held>;

/** Adds a place that is not there. */
export function withPlace(places: Places | undefined, held: Held): Places {
	if (!places) return held;
	const many = places instanceof Map ? places : new Map([[places.connection, places]]);
	// The id of a connection names it on its node; where another node has the same one, both names do.
	return many.set(many.has(held.connection) ? bothNames(held) : held.connection, held);
}

export function placeOf(places: Places | undefined, place: Place): Held | undefined {
	if (!(places instanceof Map)) return places && isSame(places, place) ? places : undefined;
	return places.get(keyOf(places, place));
}

/** What is left without a place; `undefined` = nothing. */
export function withoutPlace(places: Places | undefined, place: Place): Places | undefined {
	if (!(places instanceof Map)) return places && isSame(places, place) ? undefined : places;
	places.delete(keyOf(places, place));
	return places.size === 0 ? undefined : places;
}

/** In the order of opening. */
export function listed(places: Places | undefined): Iterable<Held> {
	if (places instanceof Map) return places.values();
	return places ? [places] : [];
}

function keyOf(places: Map<string, Held>, place: Place): string {
	return places.get(place.connection)?.node === place.node ? place.connection : bothNames(place);
}

const isSame = (a: Place, b: Place): boolean => a.node === b.node && a.connection === b.connection;
const bothNames = ({ node, connection }: Place): string => `${node}\n${connection}`;
