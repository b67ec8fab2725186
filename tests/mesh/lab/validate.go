package main

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"istio.io/istio/pkg/config/crd"
)

// validate holds every Istio resource against the CRDs, as a cluster's API server would: structure, unknown fields and
// rules between fields.
func validate(opts options) error {
	files, err := load(opts)
	if err != nil {
		return err
	}
	validator, err := crd.NewValidatorFromFilesWithOptions([]string{opts.crds}, crd.WithoutCRDValidation())
	if err != nil {
		return err
	}
	var faults []error
	for _, document := range files.istio {
		if err := validator.ValidateCustomResource(&unstructured.Unstructured{Object: document}); err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) == 0 {
		fmt.Printf("%d resources are valid\n", len(files.istio))
	}
	return errors.Join(faults...)
}
