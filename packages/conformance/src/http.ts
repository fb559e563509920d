import { appLaws } from './http/app.ts';
import { attackLaws } from './http/attacks.ts';
import { bodyLaws } from './http/body.ts';
import { compressionLaws } from './http/compression.ts';
import { diskLaws } from './http/disk.ts';
import type { HttpFixture } from './http/fixture.ts';
import { guardLaws } from './http/guard.ts';
import { sharingLaws } from './http/sharing.ts';
import { staticLaws } from './http/static.ts';
import { streamLaws } from './http/stream.ts';
import { defineSuite, type Subject } from './suite.ts';

/** The laws of HTTP, over real sockets: what is refused, static files, what the app answers, what it is sent. */
export const httpSuite: (subject: Subject<HttpFixture>) => void = defineSuite<HttpFixture>('http', (law) => {
	guardLaws(law);
	staticLaws(law);
	diskLaws(law);
	appLaws(law);
	streamLaws(law);
	bodyLaws(law);
	compressionLaws(law);
	sharingLaws(law);
});

/** What attackers send, over real sockets: what nobody can read alike, what leads elsewhere, what keeps a server busy. */
export const httpAttackSuite: (subject: Subject<HttpFixture>) => void = defineSuite<HttpFixture>('attacks over http', attackLaws);
