// Property tests of JSON and of the codec, with random documents and messages. A failure prints its seed;
// RC_PARAMS="seed=…" repeats it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "common/contracts/events.h"
#include "common/contracts/matchmaker.h"
#include "common/wire/codec.h"
#include "common/wire/problem_json.h"
#include "tests/unit/wire/everything.h"

namespace mm::wire {
namespace {

std::string text_of_points(const std::vector<std::uint32_t>& points) {
  std::string text;
  for (const auto c : points) {
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += static_cast<char>(0xC0 | c >> 6);
      text += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      text += static_cast<char>(0xE0 | c >> 12);
      text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      text += static_cast<char>(0xF0 | c >> 18);
      text += static_cast<char>(0x80 | (c >> 12 & 0x3F));
      text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return text;
}

/// Random text without NUL and surrogates.
rc::Gen<std::string> any_text() {
  const auto point =
      rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(1, 0x80), rc::gen::inRange<std::uint32_t>(0x80, 0x800),
                     rc::gen::inRange<std::uint32_t>(0x800, 0xD800), rc::gen::inRange<std::uint32_t>(0xE000, 0x110000));
  return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(point), text_of_points);
}

rc::Gen<double> any_number() {
  return rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t bits) {
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return std::isfinite(value) ? value : static_cast<double>(bits);
  });
}

void write_any(json::Writer& writer, int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0: return writer.null();
    case 1: return writer.boolean(*rc::gen::arbitrary<bool>());
    case 2: return writer.integer(*rc::gen::arbitrary<std::int64_t>());
    case 3: return writer.real(*any_number());
    case 4: return writer.string(*any_text());
    case 5:
      writer.begin_array();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) write_any(writer, depth - 1);
      return writer.end_array();
    default:
      writer.begin_object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        writer.key(std::to_string(i) + *any_text());
        write_any(writer, depth - 1);
      }
      return writer.end_object();
  }
}

RC_GTEST_PROP(JsonProperty, WhatIsWrittenReadsBackTheSame, ()) {
  json::Writer writer;
  write_any(writer, 4);
  const auto text = writer.take();
  const auto document = json::Document::parse(text);
  RC_ASSERT(document.ok());
  RC_ASSERT(document->root().text() == text);
}

RC_GTEST_PROP(JsonProperty, NumbersReadBackBitForBit, ()) {
  const auto value = *any_number();
  json::Writer writer;
  writer.real(value);
  const auto document = json::Document::parse(writer.take());
  RC_ASSERT(document.ok());
  RC_ASSERT(document->root().real() == value);
}

RC_GTEST_PROP(JsonProperty, AnyBytesAreWrittenAsValidText, (const std::string& bytes)) {
  json::Writer writer;
  writer.string(bytes);
  const auto text = writer.take();
  RC_ASSERT(json::is_clean_text(text));
  RC_ASSERT(json::Document::parse(text).ok() == (bytes.find('\0') == std::string::npos));
}

RC_GTEST_PROP(JsonProperty, ReadingAnyBytesDoesNotCrash, (const std::string& bytes)) {
  const auto document = json::Document::parse(bytes);
  if (document) RC_ASSERT(json::Document::parse(document->root().text()).ok());
}

Uuid any_uuid() { return Uuid{*rc::gen::arbitrary<std::array<std::uint8_t, 16>>()}; }

Mode any_mode() { return *Mode::parse("m" + std::to_string(*rc::gen::inRange(0, 1'000))); }

Everything any_message() {
  Everything m;
  m.truth = *rc::gen::arbitrary<bool>();
  m.count = *rc::gen::inRange(0, 11);
  m.large = *rc::gen::arbitrary<std::int64_t>();
  m.real = *any_number();
  m.rating = std::round(*rc::gen::inRange(-1'000'000, 1'000'000)) / 100;
  m.text = std::string(static_cast<std::size_t>(*rc::gen::inRange(0, 6)), 'x');
  m.name = *any_text();
  m.player = PlayerId(any_uuid());
  m.mode = any_mode();
  m.colour = *rc::gen::element(Colour::red, Colour::green);
  m.at = TimePoint(Milliseconds(*rc::gen::inRange<std::int64_t>(-62'167'219'200'000, 253'402'300'800'000)));
  m.raw.text = R"({"k":)" + std::to_string(*rc::gen::arbitrary<int>()) + "}";
  m.inner.number = *rc::gen::arbitrary<int>();
  if (*rc::gen::arbitrary<bool>()) m.inner.hidden = *any_text();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) m.list.push_back({*rc::gen::arbitrary<int>(), {}});
  m.table = *rc::gen::arbitrary<std::vector<std::vector<int>>>();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) m.by_mode[any_mode()] = *rc::gen::inRange(0, 101);
  if (*rc::gen::arbitrary<bool>()) m.maybe = *rc::gen::arbitrary<int>();
  if (*rc::gen::arbitrary<bool>()) m.null_or_number = *rc::gen::arbitrary<int>();
  return m;
}

RC_GTEST_PROP(CodecProperty, EveryMessageRoundTrips, ()) {
  const auto message = any_message();
  const auto text = encode(message);
  const auto read = decode<Everything>(text, Unknown::refused);
  if (!read) RC_FAIL(read.error().detail + "\n" + text);
  RC_ASSERT(*read == message);
  RC_ASSERT(encode(*read) == text);
}

// Changes a few bytes of a valid message. Decoding it must give either an error that names a field or a byte, or a
// message that can be encoded and decoded again.
template <class Message>
void check_damaged(const std::string& good) {
  auto text = good;
  for (int i = *rc::gen::inRange(1, 5); i > 0; --i) {
    const auto place = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0: text[place] = *rc::gen::arbitrary<char>(); break;
      case 1: text.insert(place, 1, *rc::gen::elementOf(std::string("{}[],:\"\\0-e.u"))); break;
      default: text.erase(place, *rc::gen::inRange<std::size_t>(1, 9)); break;
    }
    if (text.empty()) return;
  }
  const auto read = decode<Message>(text, Unknown::ignored);
  if (read) {
    RC_ASSERT(decode<Message>(encode(*read), Unknown::refused).ok());
    return;
  }
  RC_ASSERT(read.error().code == Code::malformed_request || read.error().code == Code::invalid_fields);
  RC_ASSERT(!read.error().detail.empty());
  RC_ASSERT(json::Document::parse(encode_problem(read.error(), "")).ok());
}

RC_GTEST_PROP(CodecProperty, DamagedMessagesAreRefusedOrValid, ()) { check_damaged<Everything>(encode(any_message())); }

RC_GTEST_PROP(CodecProperty, DamagedRequestsAreRefusedOrValid, ()) {
  Enqueue request;
  request.ticket_id = TicketId(any_uuid());
  request.mode = any_mode();
  request.region = default_region();
  request.players = {{PlayerId(any_uuid()), 1512.4, 60}, {PlayerId(any_uuid()), 1400, 350}};
  request.latencies = Latencies{{default_region(), 24}};
  check_damaged<Enqueue>(encode(request));
}

}  // namespace
}  // namespace mm::wire
