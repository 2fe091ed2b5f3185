#include "js.h"

#include <algorithm>
#include <cstring>


namespace millrace::fuzz {

/** What napi_callback_info points to. */
struct Arguments {
  const std::vector<Value*>& values;
  void* data;
};

static Js* jsOf(napi_env env) { return reinterpret_cast<Js*>(env); }
static Value* valueOf(napi_value value) { return reinterpret_cast<Value*>(value); }
static napi_value handleOf(Value* value) { return reinterpret_cast<napi_value>(value); }

/** Kept apart from other blocks, even where it is empty. */
static void allocate(Value& value, size_t bytes) {
  value.memory.reset(static_cast<uint8_t*>(malloc(bytes)));
  value.bytes = bytes;
}

Js::Js(Instance* instance, std::initializer_list<Exporter> exporters) {
  Value exports;
  for (const Exporter exporter : exporters) {
    exporter(reinterpret_cast<napi_env>(this), handleOf(&exports), instance);
  }
}

Value* Js::make(Value::Kind kind) {
  values_.push_back(std::make_unique<Value>());
  values_.back()->kind = kind;
  return values_.back().get();
}

Value* Js::number(double number) {
  Value* value = make(Value::Kind::number);
  value->number = number;
  return value;
}

Value* Js::boolean(bool flag) {
  Value* value = make(Value::Kind::boolean);
  value->number = flag ? 1 : 0;
  return value;
}

Value* Js::text(const std::string& text) {
  Value* value = make(Value::Kind::string);
  value->text = text;
  return value;
}

Value* Js::null() { return make(Value::Kind::null); }

Value* Js::bytes(const std::vector<uint8_t>& content) {
  Value* value = make(Value::Kind::typedArray);
  allocate(*value, content.size());
  if (!content.empty()) memcpy(value->memory.get(), content.data(), content.size());
  return value;
}

Value* Js::words(const std::vector<uint32_t>& content) {
  Value* value = make(Value::Kind::typedArray);
  value->type = napi_uint32_array;
  allocate(*value, content.size() * sizeof(uint32_t));
  if (!content.empty()) memcpy(value->memory.get(), content.data(), value->bytes);
  return value;
}

void Js::detach(Value* value) {
  value->memory.reset();
  value->bytes = 0;
}

Value* Js::call(const char* name, const std::vector<Value*>& args) {
  error.clear();
  const napi_property_descriptor& function = functions_.at(name);
  Arguments arguments = {args, function.data};
  const napi_value result = function.method(reinterpret_cast<napi_env>(this),
                                            reinterpret_cast<napi_callback_info>(&arguments));
  return error.empty() ? valueOf(result) : nullptr;
}

void Js::collect() { values_.clear(); }

void Js::define(const napi_property_descriptor& property) {
  functions_[property.utf8name] = property;
}

napi_ref Js::reference(Value* value) {
  const auto found = std::find_if(values_.begin(), values_.end(),
                                  [&](const auto& one) { return one.get() == value; });
  kept_.push_back(std::move(*found));
  values_.erase(found);
  return reinterpret_cast<napi_ref>(value);
}

void Js::release(napi_ref reference) {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& one) {
    return one.get() == referenced(reference);
  });
  kept_.erase(found);
}

Value* Js::referenced(napi_ref reference) { return reinterpret_cast<Value*>(reference); }

}  // namespace millrace::fuzz

using millrace::fuzz::handleOf;
using millrace::fuzz::jsOf;
using millrace::fuzz::Value;
using millrace::fuzz::valueOf;

static napi_status give(napi_value* result, Value* value) {
  *result = handleOf(value);
  return napi_ok;
}

static napi_status fail(napi_env env, const char* message) {
  jsOf(env)->error = message;
  return napi_ok;
}

extern "C" {

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* count, napi_value* out,
                             napi_value*, void** data) {
  const auto* arguments = reinterpret_cast<millrace::fuzz::Arguments*>(info);
  for (size_t i = 0; i < *count; i++) {
    out[i] = handleOf(i < arguments->values.size() ? arguments->values[i]
                                                   : jsOf(env)->make(Value::Kind::undefined));
  }
  *data = arguments->data;
  return napi_ok;
}

napi_status napi_define_properties(napi_env env, napi_value, size_t count,
                                   const napi_property_descriptor* properties) {
  for (size_t i = 0; i < count; i++) jsOf(env)->define(properties[i]);
  return napi_ok;
}

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype* type) {
  *type = valueOf(value)->kind == Value::Kind::null ? napi_null : napi_undefined;
  return napi_ok;
}

/** As ECMAScript's ToUint32 has it; a double that does not fit would be undefined behaviour in C++. */
napi_status napi_get_value_uint32(napi_env, napi_value value, uint32_t* result) {
  if (valueOf(value)->kind != Value::Kind::number) return napi_number_expected;
  *result = static_cast<uint32_t>(static_cast<int64_t>(valueOf(value)->number));
  return napi_ok;
}

napi_status napi_get_value_int32(napi_env, napi_value value, int32_t* result) {
  if (valueOf(value)->kind != Value::Kind::number) return napi_number_expected;
  *result = static_cast<int32_t>(static_cast<int64_t>(valueOf(value)->number));
  return napi_ok;
}

napi_status napi_get_value_bool(napi_env, napi_value value, bool* result) {
  if (valueOf(value)->kind != Value::Kind::boolean) return napi_boolean_expected;
  *result = valueOf(value)->number != 0;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env, napi_value value, char* out, size_t size,
                                       size_t* length) {
  if (valueOf(value)->kind != Value::Kind::string) return napi_string_expected;
  const std::string& text = valueOf(value)->text;
  *length = text.size();
  if (out != nullptr) memcpy(out, text.c_str(), std::min(size, text.size() + 1));
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type* type,
                                     size_t* length, void** data, napi_value*, size_t*) {
  const Value* array = valueOf(value);
  if (array->kind != Value::Kind::typedArray) return napi_invalid_arg;
  if (type != nullptr) *type = array->type;
  if (length != nullptr) *length = array->length();
  if (data != nullptr) *data = array->memory.get();
  return napi_ok;
}

napi_status napi_create_double(napi_env env, double number, napi_value* result) {
  return give(result, jsOf(env)->number(number));
}

napi_status napi_get_boolean(napi_env env, bool flag, napi_value* result) {
  return give(result, jsOf(env)->boolean(flag));
}

napi_status napi_create_string_utf8(napi_env env, const char* text, size_t size, napi_value* result) {
  return give(result, jsOf(env)->text({text, size}));
}

napi_status napi_get_undefined(napi_env env, napi_value* result) {
  return give(result, jsOf(env)->make(Value::Kind::undefined));
}

napi_status napi_create_object(napi_env env, napi_value* result) {
  return give(result, jsOf(env)->make(Value::Kind::object));
}

napi_status napi_set_named_property(napi_env, napi_value object, const char* name, napi_value value) {
  valueOf(object)->members[name] = valueOf(value);
  return napi_ok;
}

napi_status napi_create_array_with_length(napi_env env, size_t length, napi_value* result) {
  Value* array = jsOf(env)->make(Value::Kind::array);
  array->elements.resize(length);
  return give(result, array);
}

napi_status napi_set_element(napi_env, napi_value array, uint32_t index, napi_value value) {
  valueOf(array)->elements.at(index) = valueOf(value);
  return napi_ok;
}

napi_status napi_create_arraybuffer(napi_env env, size_t bytes, void** data, napi_value* result) {
  Value* buffer = jsOf(env)->make(Value::Kind::buffer);
  millrace::fuzz::allocate(*buffer, bytes);
  *data = buffer->memory.get();
  return give(result, buffer);
}

napi_status napi_create_typedarray(napi_env env, napi_typedarray_type type, size_t, napi_value buffer,
                                   size_t, napi_value* result) {
  Value* array = jsOf(env)->make(Value::Kind::typedArray);
  array->type = type;
  array->bytes = valueOf(buffer)->bytes;
  array->memory = std::move(valueOf(buffer)->memory);
  return give(result, array);
}

napi_status napi_create_reference(napi_env env, napi_value value, uint32_t, napi_ref* result) {
  *result = jsOf(env)->reference(valueOf(value));
  return napi_ok;
}

napi_status napi_delete_reference(napi_env env, napi_ref reference) {
  jsOf(env)->release(reference);
  return napi_ok;
}

napi_status napi_get_reference_value(napi_env, napi_ref reference, napi_value* result) {
  return give(result, millrace::fuzz::Js::referenced(reference));
}

napi_status napi_throw_error(napi_env env, const char*, const char* message) {
  return fail(env, message);
}

napi_status napi_throw_type_error(napi_env env, const char*, const char* message) {
  return fail(env, message);
}

napi_status napi_throw_range_error(napi_env env, const char*, const char* message) {
  return fail(env, message);
}

}  // extern "C"
