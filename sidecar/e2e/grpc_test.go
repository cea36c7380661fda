package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const grpcPolicies = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: call}
spec:
  actions: {call: {}}
  routes:
    - {route: "POST /grpc.testing.TestService/UnaryCall", action: call}
    - {route: "POST /grpc.testing.TestService/FullDuplexCall", action: call}
    - {route: "POST /grpc.testing.TestService/StreamingInputCall", action: call}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: calls}
spec:
  resources: [call]
  rules: [{id: everybody, effect: allow, actions: [call], anonymous: true}]
`

// calls is the service: it echoes, and tells in its trailers what it was told.
type calls struct {
	pb.UnimplementedTestServiceServer
	asked atomic.Int64
}

func (c *calls) tell(ctx context.Context, set func(metadata.MD)) {
	c.asked.Add(1)
	in, _ := metadata.FromIncomingContext(ctx)
	set(metadata.Pairs("saw-request-id", fmt.Sprint(len(in.Get("x-request-id"))), "saw-user-id", fmt.Sprint(in.Get("x-user-id")), "saw-note", fmt.Sprint(in.Get("x-note"))))
}

func (c *calls) UnaryCall(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	c.tell(ctx, func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) })
	if s := in.GetResponseStatus(); s != nil {
		return nil, status.Error(codes.Code(s.GetCode()), s.GetMessage())
	}
	return &pb.SimpleResponse{Payload: in.GetPayload()}, nil
}

func (c *calls) FullDuplexCall(stream pb.TestService_FullDuplexCallServer) error {
	c.tell(stream.Context(), stream.SetTrailer)
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.StreamingOutputCallResponse{Payload: in.GetPayload()}); err != nil {
			return err
		}
	}
}

func (c *calls) StreamingInputCall(stream pb.TestService_StreamingInputCallServer) error {
	c.tell(stream.Context(), stream.SetTrailer)
	size := 0
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: int32(size)})
		}
		if err != nil {
			return err
		}
		size += len(in.GetPayload().GetBody())
	}
}

// startCalls starts the service, with TLS where there is a certificate.
func startCalls(t testing.TB, cert *tls.Certificate) (*calls, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var options []grpc.ServerOption
	if cert != nil {
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(cert)))
	}
	srv, service := grpc.NewServer(options...), &calls{}
	pb.RegisterTestServiceServer(srv, service)
	var running sync.WaitGroup
	running.Go(func() { _ = srv.Serve(l) }) // ends with Stop
	t.Cleanup(func() {
		srv.Stop()
		running.Wait()
	})
	return service, l.Addr().String()
}

// startGRPC starts gwctl with TLS before a service, and a client of it.
func startGRPC(t testing.TB, secure bool) (*sidecar, *calls, pb.TestServiceClient, *authority) {
	t.Helper()
	dir, ca := t.TempDir(), newAuthority(t)
	var cert *tls.Certificate
	more, scheme := ", protocol: h2c", "http"
	if secure {
		pair := ca.pair()
		cert, more, scheme = &pair, ", tls: {ca: ca.pem, server_name: localhost}", "https"
	}
	service, address := startCalls(t, cert)
	if err := os.Mkdir(filepath.Join(dir, "policies"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "policies", "calls.yaml"), grpcPolicies)
	writeFile(t, filepath.Join(dir, "ca.pem"), ca.pem)
	writeFile(t, filepath.Join(dir, "server.pem"), ca.issue())
	s := startSidecar(t, setup{dir: dir, whole: func(proxy, health string) string {
		return fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: grpc}
spec:
  policies: {dir: ./policies}
  listeners:
    proxy:
      address: %s
      tls: {cert: server.pem, key: server.pem}
      upstreams: [{match: "/{rest...}", url: "%s://%s"%s}]
    health: {address: %s}
  anonymous: allow
  drain: {delay: 0s, timeout: 5s}
`, proxy, scheme, address, more, health)
	}})
	conn, err := grpc.NewClient(s.proxy, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ca.pool, ServerName: "localhost"})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return s, service, pb.NewTestServiceClient(conn), ca
}

func payload(text string) *pb.Payload { return &pb.Payload{Body: []byte(text)} }

func TestGRPC(t *testing.T) {
	for name, secure := range map[string]bool{"h2c": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			_, service, client, _ := startGRPC(t, secure)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			ctx = metadata.AppendToOutgoingContext(ctx, "x-user-id", "evil", "x-note", "mine")
			told := func(trailer metadata.MD) {
				t.Helper()
				for key, want := range map[string]string{"saw-request-id": "1", "saw-user-id": "[]", "saw-note": "[mine]"} {
					if got := trailer.Get(key); len(got) != 1 || got[0] != want {
						t.Errorf("trailer %s is %q, want %s", key, got, want)
					}
				}
			}
			var trailer metadata.MD
			reply, err := client.UnaryCall(ctx, &pb.SimpleRequest{Payload: payload("hello")}, grpc.Trailer(&trailer))
			if err != nil || string(reply.GetPayload().GetBody()) != "hello" {
				t.Fatalf("unary: %v, %v", reply, err)
			}
			told(trailer)
			_, err = client.UnaryCall(ctx, &pb.SimpleRequest{ResponseStatus: &pb.EchoStatus{Code: int32(codes.NotFound), Message: "no such thing"}})
			if s, _ := status.FromError(err); s.Code() != codes.NotFound || s.Message() != "no such thing" {
				t.Errorf("the service's own error is %v", err)
			}

			both, err := client.FullDuplexCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 10 { // each answer before the next question
				text := fmt.Sprint("message ", i)
				if err := both.Send(&pb.StreamingOutputCallRequest{Payload: payload(text)}); err != nil {
					t.Fatal(err)
				}
				if reply, err := both.Recv(); err != nil || string(reply.GetPayload().GetBody()) != text {
					t.Fatalf("stream: %v, %v", reply, err)
				}
			}
			if err := both.CloseSend(); err != nil {
				t.Fatal(err)
			}
			if _, err := both.Recv(); !errors.Is(err, io.EOF) {
				t.Errorf("the stream ends with %v", err)
			}
			told(both.Trailer())

			up, err := client.StreamingInputCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			chunk := string(make([]byte, 64<<10))
			for range 32 {
				if err := up.Send(&pb.StreamingInputCallRequest{Payload: payload(chunk)}); err != nil {
					t.Fatal(err)
				}
			}
			if sum, err := up.CloseAndRecv(); err != nil || sum.GetAggregatedPayloadSize() != 32*64<<10 {
				t.Errorf("client stream: %v, %v", sum, err)
			}

			asked := service.asked.Load()
			if _, err := client.EmptyCall(ctx, &pb.Empty{}); status.Code(err) != codes.PermissionDenied {
				t.Errorf("a call without a route: %v", err)
			}
			if service.asked.Load() != asked {
				t.Error("a call without a route came through")
			}
		})
	}
}

// Calls go on while the certificate changes, new connections see the new one.
func TestGRPCDuringCertificateReload(t *testing.T) {
	s, _, client, ca := startGRPC(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	serial := func() string {
		c, err := tls.Dial("tcp", s.proxy, &tls.Config{RootCAs: ca.pool, ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	done := make(chan struct{})
	var load sync.WaitGroup
	var asked atomic.Int64
	for range 4 {
		load.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				asked.Add(1)
				if _, err := client.UnaryCall(ctx, &pb.SimpleRequest{Payload: payload("x")}); err != nil {
					t.Errorf("a call failed: %v", err)
					return
				}
			}
		})
	}
	long, err := client.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	was := serial()
	for range 3 {
		replaceFile(t, filepath.Join(filepath.Dir(s.config), "server.pem"), ca.issue())
		eventually(t, 20*time.Second, "the new certificate", func() bool { return serial() != was })
		was = serial()
	}
	if err := long.Send(&pb.StreamingOutputCallRequest{Payload: payload("still there")}); err != nil {
		t.Fatal(err)
	}
	if reply, err := long.Recv(); err != nil || string(reply.GetPayload().GetBody()) != "still there" {
		t.Errorf("the stream from before: %v, %v", reply, err)
	}
	if err := long.CloseSend(); err != nil {
		t.Fatal(err)
	}
	close(done)
	load.Wait()
	if asked.Load() < 20 {
		t.Errorf("only %d calls", asked.Load())
	}
}
