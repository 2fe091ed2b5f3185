/**
 * What one JavaScript environment (the main thread or a worker) owns here. Nothing is shared between environments
 * and nothing is static, so any number of threads may load the addon at once.
 */
#pragma once

#include <node_api.h>

#include <memory>
#include <utility>
#include <vector>

#include "dtls.h"
#include "send.h"
#include "srtp.h"

namespace millrace {

/** Small integers for JavaScript to name native objects by. 0 is never given out; freed ones are reused. */
template <typename T>
class Table {
 public:
  uint32_t add(std::unique_ptr<T> item) {
    if (free_.empty()) {
      items_.push_back(std::move(item));
      return static_cast<uint32_t>(items_.size());
    }
    const uint32_t handle = free_.back();
    free_.pop_back();
    items_[handle - 1] = std::move(item);
    return handle;
  }

  T* get(uint32_t handle) const {
    return handle - 1 < items_.size() ? items_[handle - 1].get() : nullptr;
  }

  bool remove(uint32_t handle) {
    if (get(handle) == nullptr) return false;
    items_[handle - 1].reset();
    free_.push_back(handle);
    return true;
  }

 private:
  std::vector<std::unique_ptr<T>> items_;
  std::vector<uint32_t> free_;
};

/** Payload bytes that rows of protectBatch point into. */
struct Arena {
  napi_ref reference;
  /** As of the protectBatch call numbered `resolvedIn`; JavaScript may have detached the buffer since. */
  Bytes bytes;
  uint32_t resolvedIn;
};

struct Instance {
  Ciphers ciphers;
  DatagramBio datagramBio;
  Table<DtlsContext> contexts;
  Table<DtlsAssociation> associations;
  Table<Srtp> srtps;
  Table<Arena> arenas;
  uint32_t batches = 0;
  GsoRefusals gsoRefusals;
};

// One line per concern: each puts its functions on `exports`.
void exportCertificate(napi_env env, napi_value exports, Instance* instance);
void exportDtls(napi_env env, napi_value exports, Instance* instance);
void exportSrtp(napi_env env, napi_value exports, Instance* instance);
void exportBatch(napi_env env, napi_value exports, Instance* instance);
void exportSend(napi_env env, napi_value exports, Instance* instance);
void exportSocket(napi_env env, napi_value exports, Instance* instance);
void exportNotify(napi_env env, napi_value exports, Instance* instance);

struct Export {
  const char* name;
  napi_callback function;
};

template <size_t N>
void exportAll(napi_env env, napi_value exports, Instance* instance, const Export (&list)[N]) {
  napi_property_descriptor properties[N];
  for (size_t i = 0; i < N; i++) {
    properties[i] = {list[i].name, nullptr,         list[i].function, nullptr,
                     nullptr,      nullptr,         napi_enumerable,  instance};
  }
  napi_define_properties(env, exports, N, properties);
}

}  // namespace millrace
