# The front for boards, compiled against a user's lwIP.
include_guard()
set(mqtt_as_lwip_sources ${CMAKE_CURRENT_LIST_DIR}/../src/lwip)

# mqtt_as_add_lwip_front(NAME LWIP [ENGINE]): the library NAME; LWIP is a target that knows lwIP's include folders and
# lwipopts.h. ENGINE is mqtt_as_engine when nothing else is said.
function(mqtt_as_add_lwip_front name lwip)
    set(engine mqtt_as_engine)
    if(ARGC GREATER 2)
        set(engine ${ARGV2})
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${mqtt_as_lwip_sources}/*.[ch]pp)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ${engine} ${lwip})
    target_compile_definitions(${name} PUBLIC MQTT_AS_LWIP)
    target_compile_options(${name} PRIVATE -fno-exceptions -fno-rtti)
    target_include_directories(${name} PRIVATE ${mqtt_as_lwip_sources}/../..)
endfunction()
