// What every program on plain stubs needs: a channel, the key with each call, and the coordinator's own words when it refuses.
#pragma once

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include <grpcpp/grpcpp.h>

inline std::string setting(const char *name, const char *otherwise = "") {
  const char *value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

struct Coordinator {
  std::string address = setting("TSS_COORDINATOR", "127.0.0.1:7400");
  std::string key = setting("TSS_API_KEY");

  // TLS when TSS_TLS_CA names a file with the authority's certificate.
  std::shared_ptr<grpc::Channel> open() const {
    const std::string authority = setting("TSS_TLS_CA");
    if (authority.empty()) return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    std::ifstream file(authority);
    std::stringstream text;
    text << file.rdbuf();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = text.str();
    return grpc::CreateChannel(address, grpc::SslCredentials(options));
  }

  // Every call has the key and an end.
  void prepare(grpc::ClientContext &call, std::chrono::seconds patience) const {
    call.AddMetadata("authorization", "Bearer " + key);
    call.set_deadline(std::chrono::system_clock::now() + patience);
  }

  // One sentence for people.
  std::string why(const grpc::Status &status) const {
    // With details it is an answer of the coordinator; without, gRPC's own word that there was none.
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty())
      return "No coordinator answers at " + address + " (" + status.error_message() + ").";
    return status.error_message();
  }
};
