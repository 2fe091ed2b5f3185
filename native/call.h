/**
 * The little of Node-API that every file here needs: reading arguments, views on typed arrays, throwing.
 * All memory that a view names belongs to JavaScript and is valid until the call returns.
 */
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace {

struct Instance;

template <typename T>
struct View {
  T* data = nullptr;
  size_t size = 0;

  /** Whether [offset, offset + length) lies inside; written so that nothing can overflow. */
  bool holds(size_t offset, size_t length) const {
    return offset <= size && length <= size - offset;
  }
};

using Bytes = View<uint8_t>;

/**
 * One call from JavaScript. A wrong argument throws a TypeError there and makes ok() false, so that a function
 * reads all its arguments first and then asks once.
 */
class Call {
 public:
  Call(napi_env env, napi_callback_info info);

  uint32_t u32(size_t index);
  int32_t i32(size_t index);
  bool flag(size_t index);
  std::string text(size_t index);
  napi_value raw(size_t index) const { return arguments_[index]; }
  bool isNull(size_t index);
  Bytes bytes(size_t index);
  View<uint32_t> words(size_t index);
  View<int32_t> ints(size_t index);
  View<double> doubles(size_t index);

  bool ok() const { return ok_; }
  Instance& instance() const { return *instance_; }

  napi_value number(double value) const;
  napi_value boolean(bool value) const;
  napi_value string(const std::string& value) const;
  napi_value copyOf(const uint8_t* data, size_t size) const;
  napi_value undefined() const;
  napi_value object() const;
  void set(napi_value object, const char* name, napi_value value) const;

  /** A bug of the caller: throws RangeError. Returns nullptr, to be returned in turn. */
  napi_value refuse(const char* message);
  /** Something outside failed (OpenSSL, the kernel): throws Error. */
  napi_value fail(const std::string& message);

  const napi_env env;

 private:
  static constexpr size_t kArgumentsMax = 8;

  void* array(size_t index, napi_typedarray_type wanted, size_t* length);
  void wrong(size_t index, const char* wanted);

  napi_value arguments_[kArgumentsMax];
  Instance* instance_ = nullptr;
  bool ok_ = true;
};

}  // namespace millrace
