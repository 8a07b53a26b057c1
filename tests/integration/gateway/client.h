// Requests to a gateway. Each answer is compared with the published OpenAPI document.
#pragma once

#include <string_view>

#include "tests/integration/web_client/web_client.h"

namespace mm::gateway::testing {

using mm::testing::Answer;
using mm::testing::Call;
using mm::testing::Connection;
using mm::testing::Fields;
using mm::testing::Frame;
using mm::testing::Target;
using mm::testing::text_of;
using mm::testing::value_at;
using mm::testing::WebSocket;

/// Sends one request on a new connection. Fails the test if the OpenAPI document does not describe the answer.
Answer call(const Target& target, const Call& call);
/// Sends bytes on a new connection. The first answer.
Answer call_raw(int port, std::string_view bytes);

}  // namespace mm::gateway::testing
