package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secret "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	secretType = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
	validity   = 24 * time.Hour
)

// authority issues certificates to whoever asks, as who he says he is: for tests on one machine.
type authority struct {
	secret.UnimplementedSecretDiscoveryServiceServer
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	root        []byte
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate("mesh-lab")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	return &authority{certificate: parsed, key: key, root: encode("CERTIFICATE", der)}, err
}

func certificate(organisation string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{Organization: []string{organisation}},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(validity),
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// issue makes a certificate for spiffe://cluster.local/ns/NAMESPACE/sa/ACCOUNT: chain and key as PEM.
func (a *authority) issue(namespace, account string) (chain, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := certificate("")
	template.URIs = []*url.URL{{Scheme: "spiffe", Host: "cluster.local", Path: "/ns/" + namespace + "/sa/" + account}}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", pkcs8), err
}

// StreamSecrets answers what is new to the stream; secrets do not change while it lasts.
func (a *authority) StreamSecrets(stream secret.SecretDiscoveryService_StreamSecretsServer) error {
	var node *core.Node
	var sent string
	for {
		request, err := stream.Recv()
		if err != nil {
			return nil
		}
		if request.Node != nil {
			node = request.Node
		}
		names := fmt.Sprint(request.ResourceNames)
		if request.ErrorDetail != nil || names == sent {
			continue
		}
		response, err := a.secrets(node, request.ResourceNames)
		if err != nil {
			return err
		}
		if err := stream.Send(response); err != nil {
			return err
		}
		sent = names
	}
}

// FetchSecrets answers once.
func (a *authority) FetchSecrets(_ context.Context, request *discovery.DiscoveryRequest) (*discovery.DiscoveryResponse, error) {
	return a.secrets(request.Node, request.ResourceNames)
}

func (a *authority) secrets(node *core.Node, names []string) (*discovery.DiscoveryResponse, error) {
	response := &discovery.DiscoveryResponse{TypeUrl: secretType, VersionInfo: "1", Nonce: "1"}
	for _, name := range names {
		found, err := a.secret(node, name)
		if err != nil {
			return nil, err
		}
		packed, err := anypb.New(found)
		if err != nil {
			return nil, err
		}
		response.Resources = append(response.Resources, packed)
	}
	return response, nil
}

func (a *authority) secret(node *core.Node, name string) (*tls.Secret, error) {
	switch name {
	case "ROOTCA":
		context := &tls.CertificateValidationContext{TrustedCa: inline(a.root)}
		return &tls.Secret{Name: name, Type: &tls.Secret_ValidationContext{ValidationContext: context}}, nil
	case "default":
		fields := node.GetMetadata().GetFields()
		chain, key, err := a.issue(fields["NAMESPACE"].GetStringValue(), fields["SERVICE_ACCOUNT"].GetStringValue())
		if err != nil {
			return nil, err
		}
		pair := &tls.TlsCertificate{CertificateChain: inline(chain), PrivateKey: inline(key)}
		return &tls.Secret{Name: name, Type: &tls.Secret_TlsCertificate{TlsCertificate: pair}}, nil
	default:
		return fromFiles(name)
	}
}

// fromFiles reads the certificate of a Gateway that names files: file-cert:CHAIN~KEY.
func fromFiles(name string) (*tls.Secret, error) {
	files, isFiles := strings.CutPrefix(name, "file-cert:")
	chain, key, isPair := strings.Cut(files, "~")
	if !isFiles || !isPair {
		return nil, status.Errorf(codes.NotFound, "there is no secret %q", name)
	}
	pair := &tls.TlsCertificate{CertificateChain: named(chain), PrivateKey: named(key)}
	return &tls.Secret{Name: name, Type: &tls.Secret_TlsCertificate{TlsCertificate: pair}}, nil
}

func named(file string) *core.DataSource {
	return &core.DataSource{Specifier: &core.DataSource_Filename{Filename: file}}
}

func inline(pem []byte) *core.DataSource {
	return &core.DataSource{Specifier: &core.DataSource_InlineBytes{InlineBytes: pem}}
}
