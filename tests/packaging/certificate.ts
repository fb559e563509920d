import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A place for one certificate that is renewed, as a client of an ACME service keeps it. */
export class Certificate implements Disposable {
	readonly #folder = mkdtempSync(join(tmpdir(), 'certificate '));
	readonly cert: string = join(this.#folder, 'cert.pem');
	readonly key: string = join(this.#folder, 'key.pem');

	constructor(name: string) {
		this.renew(name);
	}

	/** Writes a self-signed certificate of 127.0.0.1 that is told apart by `name`. */
	renew(name: string): void {
		const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
		const args = [
			'req',
			'-x509',
			'-newkey',
			'ec',
			'-pkeyopt',
			'ec_paramgen_curve:prime256v1',
			'-nodes',
			'-days',
			'2',
			...subject
		];
		execFileSync('openssl', [...args, '-keyout', this.key, '-out', this.cert], { stdio: 'pipe' });
	}

	[Symbol.dispose](): void {
		rmSync(this.#folder, { recursive: true });
	}
}
