import type { HeaderList, Recipient, RequestHead } from '../../src/contract/http.ts';
import { headerValue } from '../../src/transport/shared/header-list.ts';

/** A request as a transport would hand it on: GET / to a.example from 127.0.0.1, but for what is given. */
export function requestHead(
	given: Partial<Omit<RequestHead, 'header' | 'headers'>> & { readonly headers?: HeaderList } = {}
): RequestHead {
	const head = {
		method: 'GET',
		path: '/',
		query: '',
		headers: [['host', 'a.example']] as HeaderList,
		peer: { address: '127.0.0.1', secure: false },
		...given
	};
	return { ...head, header: (name) => headerValue(head.headers, name) };
}

/** A client that stays until `signal` aborts. */
export function recipient(signal: AbortSignal = new AbortController().signal): Recipient {
	return {
		signal,
		get gone() {
			return signal.aborted;
		}
	};
}
