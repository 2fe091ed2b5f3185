/** certificateNew: a self-signed ECDSA P-256 certificate for DTLS (RFC 8827 §6.5). */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "instance.h"
#include "openssl.h"

namespace millrace {

/** Peers compare the fingerprint and never look at the dates; they only must not be absurd. */
static constexpr long kBackdateSeconds = 24 * 3600;
static constexpr long kValidSeconds = 10L * 365 * 24 * 3600;

static bool setSerial(X509* certificate) {
  uint8_t serial[8];
  if (RAND_bytes(serial, sizeof serial) != 1) return false;
  uint64_t value = 0;
  for (const uint8_t byte : serial) value = value << 8 | byte;
  // Positive (RFC 5280 §4.1.2.2).
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), value >> 1 | 1) == 1;
}

static X509Ptr selfSign(EVP_PKEY* key) {
  X509Ptr certificate(X509_new());
  if (!certificate) return nullptr;
  X509* x509 = certificate.get();
  X509_NAME* name = X509_get_subject_name(x509);
  const bool signedWell =
      X509_set_version(x509, X509_VERSION_3) == 1 && setSerial(x509) &&
      X509_gmtime_adj(X509_getm_notBefore(x509), -kBackdateSeconds) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(x509), kValidSeconds) != nullptr &&
      // The same for everyone: nothing in the certificate should tell servers apart but the key.
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>("WebRTC"), -1, -1, 0) == 1 &&
      X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, key) == 1 &&
      X509_sign(x509, key, EVP_sha256()) > 0;
  return signedWell ? std::move(certificate) : nullptr;
}

static std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, size > 0 ? static_cast<size_t>(size) : 0);
}

static napi_value certificateNew(napi_env env, napi_callback_info info) {
  Call call(env, info);
  ERR_clear_error();
  KeyPtr key(EVP_EC_gen("P-256"));
  X509Ptr certificate = key ? selfSign(key.get()) : nullptr;
  BioPtr certificatePem(BIO_new(BIO_s_mem()));
  BioPtr keyPem(BIO_new(BIO_s_mem()));
  uint8_t fingerprint[EVP_MAX_MD_SIZE];
  unsigned int fingerprintSize = 0;
  if (!certificate || !certificatePem || !keyPem ||
      PEM_write_bio_X509(certificatePem.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(keyPem.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1 ||
      X509_digest(certificate.get(), EVP_sha256(), fingerprint, &fingerprintSize) != 1) {
    return call.fail(takeOpensslError());
  }
  napi_value result = call.object();
  call.set(result, "certificatePem", call.string(contents(certificatePem.get())));
  call.set(result, "privateKeyPem", call.string(contents(keyPem.get())));
  call.set(result, "fingerprint", call.copyOf(fingerprint, fingerprintSize));
  return result;
}

void exportCertificate(napi_env env, napi_value exports, Instance* instance) {
  static constexpr Export list[] = {{"certificateNew", certificateNew}};
  exportAll(env, exports, instance, list);
}

}  // namespace millrace
