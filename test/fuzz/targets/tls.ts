/** What certificate authorities answer, and what stands in certificates. */
import assert from 'node:assert/strict';
import {
  parseAuthorization,
  parseDirectory,
  parseOrder,
  parseProblem,
  parseRenewalWindow,
} from '../../../src/control/tls/acme/messages.ts';
import { inspect } from '../../../src/control/tls/certificate.ts';
import { readElement, readElements } from '../../../src/control/tls/der.ts';
import { renewalId } from '../../../src/control/tls/x509.ts';
import { type Targets, texts } from '../target.ts';

/** Self-signed, P-256, from `openssl req -x509`, with both key identifiers. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBkzCCATmgAwIBAgIULuiTyWcXI1IYO3uIbCeAD7LDdwYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYS5leGFtcGxlMB4XDTI2MTEyMjE0MTc1MVoXDTM2MTExOTE0
MTc1MVowFDESMBAGA1UEAwwJYS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE3wOdlRiqjgv5ky0CoMWJWcmPEXX2jq/Aw7tkYtOzJ/Ej+UNcK9MHH4rr
BX9l91dwwx+jzsAje+5tyV7X8G7WsKNpMGcwHQYDVR0OBBYEFBV5LOzgfV3Afauv
MhOJShX5FR4gMB8GA1UdIwQYMBaAFBV5LOzgfV3AfauvMhOJShX5FR4gMA8GA1Ud
EwEB/wQFMAMBAf8wFAYDVR0RBA0wC4IJYS5leGFtcGxlMAoGCCqGSM49BAMCA0gA
MEUCIQDHtZKKv742Xk+7DKUELXF/pF8otq/UEyUuop9vA6vd/QIgWsrSIEnMwP1+
B0Ovb6T3hJZBDKcu/POoyeY4Yjf9TLE=
-----END CERTIFICATE-----
`;

export const tlsTargets: Targets = {
  'acme-messages': {
    vectors: texts(
      '{"newNonce":"https://ca/n","newAccount":"https://ca/a","newOrder":"https://ca/o","renewalInfo":"https://ca/r","meta":{"profiles":{"shortlived":""}}}',
      '{"status":"pending","authorizations":["https://ca/z/1"],"finalize":"https://ca/f","error":{"type":"urn:ietf:params:acme:error:compound","subproblems":[{"type":"urn:ietf:params:acme:error:caa","detail":"no"}]}}',
      '{"status":"pending","identifier":{"type":"dns","value":"a.example"},"challenges":[{"type":"http-01","url":"https://ca/c","token":"abc","status":"pending"}]}',
      '{"suggestedWindow":{"start":"2026-01-02T04:00:00Z","end":"2026-01-03T04:00:00Z"}}',
    ),
    run: (input) => {
      const body = Buffer.from(input);
      parseDirectory(body);
      parseOrder(body);
      const authorization = parseAuthorization(body);
      // It becomes part of a path, and of what is answered there.
      for (const { token } of authorization?.challenges ?? []) assert.match(token, /^[\w-]+$/);
      const problem = parseProblem(body);
      assert.doesNotMatch(problem?.detail ?? '', /[\p{Cc}\p{Cf}]/u);
      const window = parseRenewalWindow(body);
      if (window) assert.ok(window.endMs > window.startMs);
    },
  },
  'der-elements': {
    vectors: () => [
      new Uint8Array(Buffer.from(CERTIFICATE.split('\n').slice(1, -2).join(''), 'base64')),
    ],
    run: (input) => {
      const bytes = Buffer.from(input);
      const element = readElement(bytes);
      if (element === undefined) return;
      assert.ok(element.content.length + element.rest.length + 2 <= bytes.length);
      let total = 0;
      for (const { content } of readElements(element.content) ?? []) total += content.length + 2;
      assert.ok(total <= element.content.length);
    },
  },
  'certificate-files': {
    vectors: texts(CERTIFICATE),
    run: (input) => {
      const text = Buffer.from(input).toString();
      inspect({ certificate: text, key: text });
      try {
        renewalId(text);
      } catch (error) {
        // node:crypto's own refusal: it is no certificate.
        assert.match(String((error as NodeJS.ErrnoException).code), /^ERR_OSSL|ERR_CRYPTO/);
      }
    },
  },
};
