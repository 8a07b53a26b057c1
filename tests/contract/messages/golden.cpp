#include "tests/contract/messages/golden.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/contract/messages/source.h"

namespace mm::golden {
namespace {

/// Indents compact JSON, with one member or element per line.
class Printer {
 public:
  std::string print(const json::Value& value) {
    write(value, 0);
    return std::move(text_) + "\n";
  }

 private:
  void write(const json::Value& value, int depth) {
    switch (value.kind()) {
      case json::Kind::object:
        return block(value, depth, '{', '}', [&](bool& first) {
          value.each_member([&](std::string_view key, const json::Value& member) {
            next_line(first, depth + 1);
            text_ += '"' + std::string(key) + "\": ";
            write(member, depth + 1);
          });
        });
      case json::Kind::array:
        return block(value, depth, '[', ']', [&](bool& first) {
          value.each_element([&](const json::Value& element) {
            next_line(first, depth + 1);
            write(element, depth + 1);
          });
        });
      default: text_ += value.text();
    }
  }

  template <class Body>
  void block(const json::Value& value, int depth, char open, char close, Body body) {
    text_ += open;
    bool first = true;
    body(first);
    if (value.size() > 0) indent(depth);
    text_ += close;
  }

  void next_line(bool& first, int depth) {
    if (!first) text_ += ',';
    first = false;
    indent(depth);
  }
  void indent(int depth) { text_ += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' '); }

  std::string text_;
};

std::string file_name(const std::string& type) {
  std::string name;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const bool upper = type[i] >= 'A' && type[i] <= 'Z';
    if (upper && i > 0) name += '_';
    name += upper ? static_cast<char>(type[i] - 'A' + 'a') : type[i];
  }
  return source_folder() + "/tests/contract/golden/" + name + ".json";
}

}  // namespace

std::string document(const std::string& full, const std::string& least) {
  const auto both = json::Document::parse("{\"full\":" + full + ",\"least\":" + least + "}", {64, 100'000});
  check(both.ok(), "a sample is JSON");
  return Printer().print(both->root());
}

void compare(const std::string& type, const std::string& document) {
  const auto path = file_name(type);
  if (std::getenv("MM_REWRITE_GOLDEN") != nullptr) {
    std::ofstream(path) << document;
    return;
  }
  EXPECT_EQ(read_file(path), document) << type << " has another encoding than its golden file (see golden.h)";
}

}  // namespace mm::golden
