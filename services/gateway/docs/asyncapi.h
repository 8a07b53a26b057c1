// Generates the AsyncAPI 3.0 document of the WebSocket and the bus from the field lists of frames, requests and events.
#pragma once

#include <string>

namespace mm::gateway::docs {

std::string asyncapi_document();

}  // namespace mm::gateway::docs
