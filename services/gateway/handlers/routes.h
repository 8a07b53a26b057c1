// The table of routes of the API.
#pragma once

#include "services/gateway/api/route.h"

namespace mm::gateway {

Routes routes();

}  // namespace mm::gateway
