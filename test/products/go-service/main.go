// Command service is a service by go-spiffe: it serves HTTPS or gRPC, or calls
// a server once. SVID and bundle come from the Workload API and follow it.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	socket := flag.String("socket", "", "address of the Workload API")
	serve := flag.String("serve", "", "https or grpc; without it, a server is called once")
	address := flag.String("address", "", "where to serve, or whom to call")
	peer := flag.String("peer", "", "SPIFFE ID of who is let in, or of who is called")
	authorize := flag.String("authorize", "id", "AuthorizeID, or member (of the trust domain), or any")
	oneWay := flag.Bool("one-way", false, "serve without asking for an SVID of the caller")
	oldest := flag.String("min-version", "1.3", "oldest version of TLS; 1.2 is what go-spiffe leaves it at")
	tickets := flag.Bool("tickets", false, "resume sessions, as Go does by default")
	flag.Parse()

	ctx := context.Background()
	source, err := workloadapi.NewX509Source(ctx, workloadapi.WithClientOptions(workloadapi.WithAddr(*socket)))
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()

	id := spiffeid.RequireFromString(*peer)
	authorizer := map[string]tlsconfig.Authorizer{
		"id":     tlsconfig.AuthorizeID(id),
		"member": tlsconfig.AuthorizeMemberOf(id.TrustDomain()),
		"any":    tlsconfig.AuthorizeAny(),
	}[*authorize]
	var config *tls.Config
	switch {
	case *serve == "":
		config = tlsconfig.MTLSClientConfig(source, source, authorizer)
	case *oneWay:
		config = tlsconfig.TLSServerConfig(source)
	default:
		config = tlsconfig.MTLSServerConfig(source, source, authorizer)
	}
	if *oldest == "1.3" {
		config.MinVersion = tls.VersionTLS13
	}
	// go-spiffe judges a peer where crypto/tls does not ask it to for a resumed
	// session: a ticket would outlive the SVID and the authority behind it.
	config.SessionTicketsDisabled = !*tickets

	switch *serve {
	case "https":
		server := http.Server{Addr: *address, TLSConfig: config, Handler: http.HandlerFunc(answer)}
		log.Fatal(server.ListenAndServeTLS("", ""))
	case "grpc":
		listener, err := net.Listen("tcp", *address)
		if err != nil {
			log.Fatal(err)
		}
		server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)))
		grpc_health_v1.RegisterHealthServer(server, health.NewServer())
		log.Fatal(server.Serve(listener))
	default:
		os.Exit(call(config, *address))
	}
}

func answer(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "served") }

// call gives 0 where the server was accepted and answered, 1 where it or we
// were refused, 2 for everything else.
func call(config *tls.Config, address string) int {
	client := http.Client{Timeout: 4 * time.Second, Transport: &http.Transport{TLSClientConfig: config}}
	response, err := client.Get("https://" + address + "/")
	var late net.Error
	switch {
	case err == nil:
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return 2
		}
		return 0
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &late) && late.Timeout():
		fmt.Fprintln(os.Stderr, err)
		return 2
	default:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
}
