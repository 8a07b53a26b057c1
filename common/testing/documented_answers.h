// Checks answers of an HTTP service against its OpenAPI document. The status must be listed for the operation, the code
// of a problem must be among the examples of the status, and there must be a body exactly if the document describes
// one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/json.h"

namespace mm::testing {

class DocumentedAnswers {
 public:
  explicit DocumentedAnswers(std::string_view openapi);

  struct Seen {
    std::string method;
    std::string target;  ///< path, with or without a query
    int status = 0;
    std::string content_type;
    std::string body;
  };
  /// How the answer differs from the document; empty if it does not, or if the document does not have the path.
  std::string objection(const Seen& seen) const;

  std::size_t operations() const { return operations_.size(); }

 private:
  struct Parameter {
    bool is_uuid = false;
    std::string pattern;
  };
  struct Answer {
    std::set<std::string> media;
    std::set<std::string> codes;
  };
  struct Operation {
    std::string method;  ///< upper case
    std::vector<std::string> segments;
    std::map<std::string, Parameter> parameters;
    std::map<int, Answer> answers;
  };

  void read_operation(const json::Value& document, std::string method, std::string_view path, const json::Value& from);
  const Operation* find(std::string_view method, std::string_view target) const;
  static bool fits(const Operation& operation, const std::vector<std::string>& segments);

  std::vector<Operation> operations_;
};

}  // namespace mm::testing
