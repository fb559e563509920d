import type { ListenOptions } from '../../contract/transport.ts';

/** Runs what makes a server out of a certificate; says which files they were when that fails. */
export function withCertificate<Made>({ cert, key }: NonNullable<ListenOptions['tls']>, make: () => Made): Made {
	try {
		return make();
	} catch (error) {
		throw new Error(`The certificate ${cert} and the key ${key} cannot be used. Both must be PEM, and belong together.`, {
			cause: error
		});
	}
}
