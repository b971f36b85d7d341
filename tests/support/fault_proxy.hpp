// The fault proxy of src/chaos, by the names that tests use.
#pragma once

#include "src/chaos/fault_proxy.hpp"
#include "src/chaos/frames.hpp"

namespace mqtt_as::test {

using namespace chaos;

}  // namespace mqtt_as::test
