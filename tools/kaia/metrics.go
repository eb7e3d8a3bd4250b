// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	exported "github.com/kaiachain/kaia/metrics/prometheus"
	collected "github.com/kaiachain/kaia/metrics/utils"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rcrowley/go-metrics"
)

const (
	metricsInterval = 3 * time.Second
	metricsPatience = 10 * time.Second
)

// tellMetrics serves Kaia's figures under /metrics of one address. Kaia's own --prometheus listens on every address of
// the machine, has no option against it, and serves whatever else the program has registered. They are collected where
// --metrics is given.
func tellMetrics(address string) error {
	if !collected.Enabled || collected.EnabledPrometheusExport {
		return fmt.Errorf("--%s: needs --%s, and not --%s", metricsAddress.Name, collected.MetricsEnabledFlag, collected.PrometheusExporterFlag)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("--%s: %w", metricsAddress.Name, err)
	}
	provider := exported.NewPrometheusProvider(
		metrics.DefaultRegistry, collected.MetricNamespace, "", prometheus.DefaultRegisterer, metricsInterval)
	go provider.UpdatePrometheusMetrics()
	paths := http.NewServeMux()
	paths.Handle("/metrics", promhttp.Handler())
	server := &http.Server{Handler: paths, ReadTimeout: metricsPatience, WriteTimeout: metricsPatience}
	go func() {
		fmt.Println("metrics are no longer told:", server.Serve(listener))
	}()
	return nil
}
