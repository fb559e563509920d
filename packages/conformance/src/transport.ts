import { defineSuite, type Subject } from './suite.ts';
import { backpressureLaws } from './transport/backpressure.ts';
import { closingLaws } from './transport/closing.ts';
import type { PortFixture, TcpFixture, TransportFixture } from './transport/fixture.ts';
import { frameLaws } from './transport/frames.ts';
import { handshakeLaws } from './transport/handshake.ts';
import { idleLaws } from './transport/idle.ts';
import { portLaws } from './transport/port.ts';
import { protocolLaws } from './transport/protocol.ts';
import { tcpHandshakeLaws } from './transport/tcp-handshake.ts';

/** What every transport promises: handshakes, frames and their order, topics, ends. */
export const transportSuite: (subject: Subject<TransportFixture>) => void = defineSuite<TransportFixture>('transport', (law) => {
	handshakeLaws(law);
	frameLaws(law);
	closingLaws(law);
});

/** What a transport promises beyond that when it is made of bytes: bad handshakes and frames, slow peers, compression. */
export const tcpTransportSuite: (subject: Subject<TcpFixture>) => void = defineSuite<TcpFixture>('transport over TCP', (law) => {
	tcpHandshakeLaws(law);
	protocolLaws(law);
	backpressureLaws(law);
});

/** What a transport promises when it binds its port itself: ports, addresses, TLS, pages beside sockets. */
export const portSuite: (subject: Subject<PortFixture>) => void = defineSuite<PortFixture>('transport with a port', portLaws);

/** What becomes of silent clients. Takes as long as the shortest idle timeout: bind it where tests run side by side. */
export const idleSuite: (subject: Subject<TcpFixture>) => void = defineSuite<TcpFixture>('silent clients', idleLaws);
