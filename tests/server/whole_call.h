// A two-way call from its first message to its status, whatever it carries.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "grpcpp/grpcpp.h"

namespace rill::server {

// Sends these requests while it hands each response to `see`; the client half-closes only if it
// says so.
template <class Request, class Response, class See>
grpc::Status WholeCall(grpc::ClientReaderWriter<Request, Response>* call,
                       const std::vector<Request>& requests, bool half_close, const See& see) {
  std::thread reader([&] {
    Response response;
    while (call->Read(&response)) see(response);
  });
  bool open = true;
  for (const Request& request : requests) open = open && call->Write(request);
  if (half_close) call->WritesDone();
  reader.join();
  return call->Finish();
}

// `first`, and then the audio in pieces, each as `to_request` makes it.
template <class Request, class ToRequest>
std::vector<Request> InPieces(const Request& first, const std::string& audio, size_t piece_bytes,
                              const ToRequest& to_request) {
  std::vector<Request> requests = {first};
  for (size_t begin = 0; begin < audio.size(); begin += piece_bytes) {
    requests.push_back(to_request(audio.substr(begin, piece_bytes)));
  }
  return requests;
}

}  // namespace rill::server
