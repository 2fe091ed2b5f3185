/**
 * As much of Node-API as the addon calls, without Node: values are plain objects of this file's, and every typed array
 * has a block of memory of its own, of exactly its size, so that AddressSanitizer sees each byte too far.
 */
#pragma once

#include "native/instance.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::fuzz {

struct Value {
  enum class Kind { undefined, null, boolean, number, string, object, array, buffer, typedArray };

  Kind kind = Kind::undefined;
  double number = 0;
  std::string text;
  std::map<std::string, Value*> members;
  std::vector<Value*> elements;
  napi_typedarray_type type = napi_uint8_array;
  /** Of an array buffer, or of the typed array itself. */
  std::unique_ptr<uint8_t, decltype(&free)> memory{nullptr, free};
  size_t bytes = 0;

  size_t length() const { return bytes / (type == napi_uint8_array ? 1 : 4); }
};

/** One JavaScript environment with the addon's functions on it. */
class Js {
 public:
  using Exporter = void (*)(napi_env, napi_value, Instance*);

  Js(Instance* instance, std::initializer_list<Exporter> exporters);

  Value* number(double value);
  Value* boolean(bool value);
  Value* text(const std::string& value);
  Value* null();
  /** A copy. */
  Value* bytes(const std::vector<uint8_t>& content);
  Value* words(const std::vector<uint32_t>& content);
  /** As a transfer to another thread leaves a typed array. */
  static void detach(Value* value);

  /** Calls an exported function. Returns nullptr when it threw; `error` then says what. */
  Value* call(const char* name, const std::vector<Value*>& args);
  std::string error;

  /** Frees every value made so far, but those that references hold. */
  void collect();

  // For the Node-API functions.
  Value* make(Value::Kind kind);
  void define(const napi_property_descriptor& property);
  napi_ref reference(Value* value);
  void release(napi_ref reference);
  static Value* referenced(napi_ref reference);

 private:
  std::vector<std::unique_ptr<Value>> values_;
  std::vector<std::unique_ptr<Value>> kept_;
  std::map<std::string, napi_property_descriptor> functions_;
};

}  // namespace millrace::fuzz
