"""The binary network of Li's notebook with weight decay 1, replayed in PyTorch from the notebook's random stream.

`fast` (default) computes keys, values and scores once per token and only the last position, `full` every
position as the notebook does: the same function, rounded in another order. Prints losses and, from step
1,000, the largest frequencies of the embedding with their shares in percent. In float64, where rounding
decides nothing, they are 33, 30, 34, 2, 5 and 15 at step 3,000. Weight decay 0 gives the losses of the first
updates that the study compares with. Usage:
python bitnet_replay.py [fast|full] [steps] [float32|float64] [weight decay]
"""
import math
import sys

import torch

torch.set_num_threads(2)
full = len(sys.argv) > 1 and sys.argv[1] == 'full'
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
dtype = getattr(torch, sys.argv[3]) if len(sys.argv) > 3 else torch.float32
decay = float(sys.argv[4]) if len(sys.argv) > 4 else 1.
p=113; d=128; H=4
torch.manual_seed(598); idx=torch.randperm(p*p); n=int(p*p*.3); tr,te=idx[:n],idx[n:]
a=torch.arange(p).repeat_interleave(p); b=torch.arange(p).repeat(p); lab=(a+b)%p
torch.manual_seed(999)
s=0.8/math.sqrt(128)
for shp in [(114,128),(3,128),(4,128,32),(4,128,32),(4,128,32),(4,32,128),(128,512),(512,128),(128,113)]: torch.empty(shp).normal_(0,s)
torch.randn(16,10); torch.nn.Linear(10,20)
emb=torch.nn.Embedding(114,128); L=lambda i,o: torch.nn.Linear(i,o,bias=False)
q,k,v,o,l1,l2,un=L(d,d),L(d,d),L(d,d),L(d,d),L(d,4*d),L(4*d,d),L(d,113)
for m in (emb,q,k,v,o,l1,l2,un): m.to(dtype)
gamma=torch.nn.Parameter(torch.ones(d,dtype=dtype))
params=[emb.weight,q.weight,k.weight,v.weight,o.weight,l1.weight,l2.weight,gamma,un.weight]
def Q(w):
    u=w-w.mean(); return (torch.sign(u)-u).detach()+u
def fwd(ai,bi):
    Wq,Wk,Wv,Wo,W1,W2=[Q(m.weight) for m in (q,k,v,o,l1,l2)]
    E=emb.weight
    if full:
        x=emb(torch.stack([ai,bi,torch.full_like(ai,p)],1))
        sp=lambda t: t.view(len(ai),3,H,32).transpose(1,2)
        qq,kk,vv=sp(x@Wq.T),sp(x@Wk.T),sp(x@Wv.T)
        at=((qq@kk.transpose(-1,-2))*d**-.5).softmax(-1)
        z=(at@vv).transpose(1,2).reshape(len(ai),3,d)
        x=x+z@Wo.T; x=x+torch.relu(x@W1.T)@W2.T
        x=torch.nn.functional.normalize(x,dim=-1)*math.sqrt(d)*gamma
        return (x@un.weight.T)[:,-1]
    K=(E@Wk.T).view(114,H,32); V=(E@Wv.T).view(114,H,32); qv=(E[p]@Wq.T).view(H,32)
    S=(K*qv).sum(-1)*d**-.5
    s=torch.stack([S[ai],S[bi],S[p].expand(len(ai),H)],1).softmax(1)
    z=(s[:,0,:,None]*V[ai]+s[:,1,:,None]*V[bi]+s[:,2,:,None]*V[p]).reshape(len(ai),d)
    x=E[p]+z@Wo.T; x=x+torch.relu(x@W1.T)@W2.T
    x=torch.nn.functional.normalize(x,dim=-1)*math.sqrt(d)*gamma
    return x@un.weight.T
loss=lambda lg,y: -lg.double().log_softmax(-1).gather(-1,y[:,None]).mean()
opt=torch.optim.AdamW(params,lr=1e-3,weight_decay=decay,betas=(.9,.98))
x=torch.arange(p).double(); B=[torch.ones(p).double()]
for f in range(1,57): B+=[torch.cos(2*math.pi*f*x/p),torch.sin(2*math.pi*f*x/p)]
B=torch.stack(B); B=B/B.norm(dim=1,keepdim=True)
for i in range(steps+1):
    l=loss(fwd(a[tr],b[tr]),lab[tr])
    if i in (0,1,2,10,20,50,100,200) or i%500==0:
        with torch.no_grad(): t=loss(fwd(a[te],b[te]),lab[te])
        c=(B@emb.weight[:p].detach().double()).pow(2).sum(1); sh=(c[1::2]+c[2::2])/c[1:].sum()
        top=sh.topk(8); print(i,'%.7f %.7f'%(l.item(),t.item()),[(int(j)+1,round(100*float(w),1)) for j,w in zip(top.indices,top.values)] if i>=1000 else '',flush=True)
    opt.zero_grad(); l.backward(); opt.step()
