// Named as members: where this is used the bundler puts the class below in the place of the bare name.
const Native = globalThis.Response;
const native = Native.prototype;
const getBody = getterOf('body');
const getBodyUsed = getterOf('bodyUsed');
// The types of the DOM declare accessors and methods as properties, which a class must not override.
const Base = Native as unknown as new (body?: Body, init?: ResponseInit) => object;

type Body = ConstructorParameters<typeof globalThis.Response>[0];
type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The platform's `Response`, save that a body of text or bytes becomes a stream when somebody reads it: mostly nobody but the server
 * does, and the stream costs more than all the rest of the response.
 */
class AppResponse extends Base {
	/** A body that is no stream yet. */
	#whole: string | Bytes | undefined;
	/** A response with the stream that was made of it. */
	#streamed: Response | undefined;

	constructor(body?: Body, init?: ResponseInit) {
		// A status without a body, and one that is none, are refused together with the body.
		const isWhole = isTextOrBytes(body) && isOrdinary(init?.status);
		super(isWhole ? null : body, init);
		if (!isWhole) return;
		// Whoever made the bytes may write others into the same place.
		this.#whole = typeof body === 'string' ? body : body.slice();
		const { headers } = this as unknown as Response;
		if (typeof body === 'string' && !headers.has('content-type')) headers.set('content-type', 'text/plain;charset=UTF-8');
	}

	/** The platform's own responses, such as those of `fetch`, are responses too. */
	static override [Symbol.hasInstance](value: unknown): boolean {
		return Function.prototype[Symbol.hasInstance].call((this as unknown) === AppResponse ? Native : this, value);
	}

	/** Whether a body is there that is no stream. */
	static isWhole(response: object): boolean {
		return #whole in response && response.#whole !== undefined;
	}

	/** Takes such a body out of its response; `undefined` = there is none. */
	static take(response: object): Bytes | undefined {
		if (!(#whole in response)) return undefined;
		const whole = response.#whole;
		response.#whole = undefined;
		return typeof whole === 'string' ? Buffer.from(whole) : whole;
	}

	get body(): Response['body'] {
		return getBody.call(this.#holder()) as Response['body'];
	}

	get bodyUsed(): boolean {
		return this.#whole === undefined && (getBodyUsed.call(this.#holder()) as boolean);
	}

	clone(): Response {
		const { status, statusText, headers } = this as unknown as Response;
		const copy = this.#whole ?? native.clone.call(this.#holder()).body;
		return new AppResponse(copy, { status, statusText, headers }) as unknown as Response;
	}

	arrayBuffer(): Promise<ArrayBuffer> {
		return native.arrayBuffer.call(this.#holder());
	}

	blob(): ReturnType<Response['blob']> {
		return native.blob.call(this.#holder());
	}

	bytes(): Promise<Uint8Array> {
		return native.bytes.call(this.#holder());
	}

	formData(): ReturnType<Response['formData']> {
		return native.formData.call(this.#holder());
	}

	json(): Promise<unknown> {
		return native.json.call(this.#holder());
	}

	text(): Promise<string> {
		return native.text.call(this.#holder());
	}

	/** The platform's response that has the body. */
	#holder(): Response {
		if (this.#whole !== undefined) {
			// Its type is part of what a blob or a form is made of.
			this.#streamed = new Native(this.#whole, { headers: (this as unknown as Response).headers });
			this.#whole = undefined;
		}
		return this.#streamed ?? (this as unknown as Response);
	}
}

// The name is seen in stack traces and by who asks for it.
Object.defineProperty(AppResponse, 'name', { value: 'Response' });

/** What the name `Response` means in a built app. */
const AppResponseType = AppResponse as unknown as typeof globalThis.Response;
export { AppResponseType as Response };

/** Whether the body of a response is there and has never been a stream. */
export function isWholeResponse(response: Response): boolean {
	return AppResponse.isWhole(response);
}

/** Takes the body of a response that has never been a stream; `undefined` = it has been one, or there is none. */
export function takeBytes(response: Response): Bytes | undefined {
	return AppResponse.take(response);
}

function isTextOrBytes(body: Body): body is string | Bytes {
	return typeof body === 'string' || (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer);
}

function isOrdinary(status: number | undefined): boolean {
	return status === undefined || (status >= 200 && status <= 599 && status !== 204 && status !== 205 && status !== 304);
}

function getterOf(name: 'body' | 'bodyUsed'): (this: Response) => unknown {
	return Object.getOwnPropertyDescriptor(native, name)!.get!;
}
