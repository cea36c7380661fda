package record

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// The Open Cybersecurity Schema Framework, version 1.8.0: a decision and a
// rejected request are API Activity (6003), a refused credential is
// Authentication (3002), everything else is a Base Event (0). What OCSF has no
// place for stands in unmapped.gwctl: all of the record but its number, which
// is metadata.sequence.
const (
	ocsfAPI  = 6003
	ocsfAuth = 3002
	ocsfBase = 0
)

// Values of severity_id, status_id, action_id, disposition_id and activity_id.
const (
	ocsfInformational = 1
	ocsfLow           = 2
	ocsfMedium        = 3
	ocsfSuccess       = 1
	ocsfFailure       = 2
	ocsfAllowed       = 1
	ocsfBlocked       = 2 // action Denied, disposition Blocked
	ocsfLogon         = 1
	ocsfOther         = 99
)

// appendOCSF writes the event after `{"metadata":{"sequence":N`.
func (e *Event) appendOCSF(dst []byte) []byte {
	start := len(dst)
	dst = e.appendOCSFMembers(dst)
	if len(dst)-start <= MaxLine-headSize {
		return dst
	}
	return e.shortened().appendOCSFMembers(dst[:start])
}

func (e *Event) appendOCSFMembers(dst []byte) []byte {
	dst = append(dst, `,"version":"1.8.0","product":{"name":"gwctl","vendor_name":"gwctl"}`...)
	class, activity := ocsfBase, ocsfOther
	switch e.Kind {
	case KindDecision, KindRequestRejected, KindFailOpen:
		class, activity = ocsfAPI, e.ocsfActivity()
		dst = append(dst, `,"profiles":["security_control","trace"]`...)
	case KindAuthnFailure:
		class, activity = ocsfAuth, ocsfLogon
		dst = append(dst, `,"profiles":["security_control"]`...)
	}
	dst = appendText(dst, "event_code", string(e.Kind))
	dst = appendText(dst, "uid", e.DecisionID)
	dst = appendText(dst, "correlation_uid", e.RequestID)
	dst = appendText(dst, "tenant_uid", e.Tenant)
	dst = append(dst, '}')
	dst = appendInt(dst, "class_uid", int64(class))
	dst = appendInt(dst, "category_uid", int64(class/1000))
	dst = appendInt(dst, "activity_id", int64(activity))
	dst = appendInt(dst, "type_uid", int64(class*100+activity))
	dst = appendInt(dst, "time", e.Time.UnixMilli())
	switch class {
	case ocsfAPI:
		dst = e.appendOCSFRequest(dst, activity)
		dst = e.appendOCSFVerdict(dst)
	case ocsfAuth:
		dst = e.appendOCSFRequest(dst, activity)
		dst = e.appendOCSFFailure(dst)
	default:
		dst = appendInt(dst, "severity_id", int64(e.ocsfSeverity()))
		dst = appendText(dst, "activity_name", string(e.Kind))
	}
	dst = append(dst, `,"unmapped":{"gwctl":{`...)
	first := len(dst)
	dst = e.appendMembers(dst)
	dst = append(dst[:first], dst[first+1:]...) // the comma before the first member
	return append(dst, "}}"...)
}

// ocsfActivity is what a method does to a resource.
func (e *Event) ocsfActivity() int {
	if e.HTTP == nil {
		return ocsfOther
	}
	switch e.HTTP.Method {
	case http.MethodPost:
		return 1
	case http.MethodGet, http.MethodHead:
		return 2
	case http.MethodPut, http.MethodPatch:
		return 3
	case http.MethodDelete:
		return 4
	}
	return ocsfOther
}

func (e *Event) ocsfSeverity() int {
	switch {
	case e.Kind == KindInsecureMode, e.Kind == KindGap, e.Reload != nil && !e.Reload.OK, e.Provider != nil && e.Provider.State != "up":
		return ocsfMedium
	}
	return ocsfInformational
}

// appendOCSFRequest writes who asked for what, as both classes of requests
// have it.
func (e *Event) appendOCSFRequest(dst []byte, activity int) []byte {
	if activity == ocsfOther {
		dst = appendString(appendName(dst, "activity_name"), e.ocsfOperation())
	}
	dst = append(dst, `,"src_endpoint":{`...)
	if a, err := netip.ParseAddr(e.SourceIP); err == nil && a.Zone() == "" && len(e.SourceIP) <= 40 {
		dst = appendString(append(dst, `"ip":`...), a.Unmap().String())
	} else {
		dst = append(dst, `"name":"unknown"`...)
	}
	dst = append(dst, '}')
	if h := e.HTTP; h != nil {
		dst = append(dst, `,"http_request":{"uid":`...)
		dst = appendString(dst, e.RequestID)
		switch h.Method {
		case http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace:
			dst = appendText(dst, "http_method", h.Method)
		}
		if h.Path != "" {
			dst = append(dst, `,"url":{"path":`...)
			dst = appendString(dst, h.Path)
			dst = append(appendText(dst, "hostname", h.Host), '}')
		}
		dst = append(dst, '}')
	}
	if e.Status != 0 {
		dst = append(dst, `,"http_response":{"code":`...)
		dst = append(strconv.AppendInt(dst, int64(e.Status), 10), '}')
	}
	return dst
}

// ocsfOperation is the action, or the method where none is known.
func (e *Event) ocsfOperation() string {
	switch {
	case e.Decision != nil && e.Decision.Action != "":
		return strings.TrimPrefix(e.Decision.Resource+":"+e.Decision.Action, ":")
	case e.HTTP != nil && e.HTTP.Method != "":
		return e.HTTP.Method
	}
	return "unknown"
}

func (e *Event) appendOCSFVerdict(dst []byte) []byte {
	dst = append(dst, `,"actor":{"app_name":"gwctl"`...)
	if e.Subject != "" {
		dst = append(dst, `,"user":{"uid":`...)
		dst = append(appendString(dst, e.Subject), '}')
	}
	if e.Issuer != "" {
		dst = append(dst, `,"session":{"issuer":`...)
		dst = append(appendString(dst, e.Issuer), '}')
	}
	dst = append(dst, `},"api":{"operation":`...)
	dst = append(appendString(dst, e.ocsfOperation()), '}')
	reason, message, digest, rule := e.Reason, "", "", ""
	verdict, status, severity := ocsfBlocked, ocsfFailure, ocsfLow
	if d := e.Decision; d != nil {
		reason, message, digest, rule = d.Reason, d.Message, d.SetDigest, d.Rule.String()
		if d.Allowed() {
			verdict, status, severity = ocsfAllowed, ocsfSuccess, ocsfInformational
		}
	}
	if e.Kind == KindFailOpen {
		verdict, status, severity = ocsfAllowed, ocsfSuccess, ocsfMedium
	}
	dst = appendInt(dst, "severity_id", int64(severity))
	dst = appendInt(dst, "status_id", int64(status))
	dst = appendText(dst, "status_code", reason)
	dst = appendText(dst, "message", message)
	dst = appendInt(dst, "action_id", int64(verdict))
	dst = appendInt(dst, "disposition_id", int64(verdict))
	if rule != "" {
		dst = append(dst, `,"policy":{"name":`...)
		dst = appendString(dst, rule)
		dst = append(appendText(dst, "version", digest), '}')
	}
	return dst
}

func (e *Event) appendOCSFFailure(dst []byte) []byte {
	// Nobody knows who it is: the credential was refused.
	dst = append(dst, `,"user":{"name":"unknown","type_id":0},"service":{"name":"gwctl"}`...)
	dst = appendInt(dst, "severity_id", ocsfLow)
	dst = appendInt(dst, "status_id", ocsfFailure)
	dst = appendText(dst, "status_code", e.Reason)
	dst = appendInt(dst, "action_id", ocsfBlocked)
	return appendInt(dst, "disposition_id", ocsfBlocked)
}
