package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/sidecar/authn"
)

func newAPIKey(s Streams) *cobra.Command {
	c := group("apikey", "Make API keys for gwctl serve")
	c.AddCommand(newAPIKeyNew(s))
	return c
}

type apiKeyOptions struct {
	streams Streams
	record  authn.KeyRecord
	expires string
	output  string
}

func newAPIKeyNew(s Streams) *cobra.Command {
	o := &apiKeyOptions{streams: s}
	c := &cobra.Command{
		Use: "new --id ID --expires WHEN", Short: "Make an API key", Args: argCount(0, 0),
		Long: `Makes an API key of 256 random bits. The record for the file of keys, which holds
only a hash of it, goes to standard output; the key goes to standard error, once.
It is stored nowhere. While one key replaces another, two records may have one id.`,
		Example: "  gwctl apikey new --id billing-job --scopes orders:read --expires 90d >> keys.yaml\n" +
			"  gwctl apikey new --id reporting --roles auditor --tenant acme --expires 30d",
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	c.Flags().StringVar(&o.record.ID, "id", "", "who has the key: lower-case letters, digits and -, at most 64")
	c.Flags().StringVar(&o.expires, "expires", "", "when it ends, within a year: 90d, 12h, 2027-01-31 or a time of RFC 3339")
	c.Flags().StringSliceVar(&o.record.Scopes, "scopes", nil, "scopes, with commas")
	c.Flags().StringSliceVar(&o.record.Roles, "roles", nil, "roles, with commas")
	c.Flags().StringSliceVar(&o.record.Groups, "groups", nil, "groups, with commas")
	c.Flags().StringVar(&o.record.Tenant, "tenant", "", "tenant")
	outputFlag(c, &o.output)
	return c
}

func (o *apiKeyOptions) run() error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	switch {
	case !authn.ValidKeyID(o.record.ID):
		return usage("write --id billing-job: lower-case letters, digits and -, at most 64", "no key can have the id %q", o.record.ID)
	case o.expires == "":
		return usage("add --expires 90d", "every key has to expire")
	}
	now := o.streams.Now()
	expires, err := expiry(o.expires, now)
	if err != nil || !expires.After(now) || expires.Sub(now) > authn.MaxKeyLifetime {
		return usage("write 90d, 12h, 2027-01-31 or a time of RFC 3339 within a year", "--expires %q cannot be used", o.expires)
	}
	k := &report.APIKey{Envelope: report.NewEnvelope("apikey new")}
	o.record.Expires = expires.UTC().Truncate(time.Second)
	k.Summary = report.APIKeySummary{ID: o.record.ID, Expires: o.record.Expires.Format(time.RFC3339)}
	k.Summary.Key, o.record.Hash = authn.NewAPIKey(o.record.ID)
	k.Summary.Hash = o.record.Hash
	if k.Summary.Record, err = o.record.YAML(now); err != nil {
		if file, ok := errors.AsType[*authn.KeyFileError](err); ok && len(file.Found) > 0 {
			return usage(file.Found[0].Hint, "no key can have this: %s", file.Found[0].Message)
		}
		return internal(err, "")
	}
	if err := k.Write(o.streams.Out, o.streams.Err, o.output); err != nil {
		return internal(fmt.Errorf("writing the key: %w", err), "make another one; nobody has this")
	}
	return nil
}

// expiry reads a point in time, or a length of time from now on.
func expiry(text string, now time.Time) (time.Time, error) {
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.ParseUint(digits, 10, 16); err == nil {
			return now.Add(time.Duration(days) * 24 * time.Hour), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(d), nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	return time.Parse(time.RFC3339, text)
}
