#include "tests/integration/gateway/client.h"

#include <gtest/gtest.h>

#include "common/testing/documented_answers.h"
#include "services/gateway/docs/openapi.h"
#include "services/gateway/handlers/routes.h"

namespace mm::gateway::testing {

Answer call(const Target& target, const Call& call) {
  static const mm::testing::DocumentedAnswers document(docs::openapi_document(routes()));
  Connection connection(target);
  connection.send(text_of(call));
  auto answer = connection.read_answer(call.method == "HEAD");
  const auto objection =
      document.objection({call.method, call.target, answer.status, answer.header("content-type"), answer.body});
  EXPECT_EQ(objection, "");
  return answer;
}

Answer call_raw(int port, std::string_view bytes) {
  Connection connection(port);
  connection.send(bytes);
  return connection.read_answer();
}

}  // namespace mm::gateway::testing
