// A SpeechRecognition service on a free port of this machine, without a model: it hears the word
// "w<n>" in every tenth of a second n of LINEAR16 mono audio. If speech events are asked for, the
// first is at 10 ms; a single utterance is over with the second message; alternatives are "other
// 1", "other 2", ... For tests of the client.
#pragma once

#include <grpcpp/server.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rill/v1/rill.grpc.pb.h"

namespace rill::client {

class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  const std::string& address() const { return address_; }

  // Every recognition call whose model is "broken" fails with this.
  void set_error(grpc::Status error) { error_ = std::move(error); }
  // The next `calls` of Transcribe are refused, to be tried again at once.
  void set_full_for(int calls) { full_for_ = calls; }
  // The next `calls` of Transcribe are lost, as when a server goes away.
  void set_lost_for(int calls) { lost_for_ = calls; }

  // What the calls sent, in order of their ends.
  std::vector<v1::RecognitionConfig> configs() const;
  std::vector<std::string> audio() const;
  // What live streams sent after their configs, as it came.
  std::vector<v1::HotWords> hot_words() const;
  int cancelled() const;
  // The `authorization` of the last call of any kind but Health; empty if it had none.
  std::string authorization() const;

 private:
  class Service;
  struct Log {
    mutable std::mutex mutex;
    std::vector<v1::RecognitionConfig> configs;
    std::vector<std::string> audio;
    std::vector<v1::HotWords> hot_words;
    int cancelled = 0;
    std::string authorization;
  };

  grpc::Status error_;
  std::atomic<int> full_for_ = 0, lost_for_ = 0;
  Log log_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

// As a server says that it is full.
grpc::Status FullStatus();

// An address where nobody listens.
std::string DeadAddress();

}  // namespace rill::client
