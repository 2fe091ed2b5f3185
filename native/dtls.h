/** One DTLS 1.2 association over datagrams in memory (RFC 6347, RFC 5764). */
#pragma once

#include <vector>

#include "call.h"
#include "openssl.h"

namespace millrace {

struct DtlsAssociation;

/**
 * A BIO whose reads and writes are whole datagrams. OpenSSL's memory BIO would run them together.
 * One method table per environment: a static one would point into the addon after a worker had unloaded it.
 */
class DatagramBio {
 public:
  DatagramBio();
  bool ok() const { return method_ != nullptr; }
  BIO* open(DtlsAssociation* association) const;

 private:
  BioMethodPtr method_;
};

/** Certificate and settings, shared by all associations of one environment. */
struct DtlsContext {
  SslCtxPtr ssl;
};

struct DtlsAssociation {
  SslPtr ssl;
  /** Over ICE-TCP nothing gets lost: OpenSSL's timer is set so far off that it never fires. */
  bool reliable = false;
  bool done = false;
  bool closed = false;
  bool failed = false;

  /** The datagram being read, during a step only. */
  Bytes input;
  std::vector<std::vector<uint8_t>> output;
  std::string error;
};

}  // namespace millrace
